"""The mask sync in plain Python: which file belongs to which batch, what a run would change,
and when it must not. No Django, no MongoDB, no clock.
"""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batches.rules.names import batch_ids_in, declared_batch_id

MAX_NAMES = 5
# How many names a report carries; the rest is only counted.
MAX_REPORTED = 200


# What the sync reads of a file: its name, when it was uploaded, the batch its metadata declares.
# A plain tuple, because there are hundreds of thousands in a run.
MaskFile = tuple[str, datetime | None, object]


@dataclass(frozen=True)
class Conflict:
    """A file whose name says one batch and whose metadata says another (the metadata wins)."""

    filename: str
    declared: str
    named: tuple[str, ...]


@dataclass(slots=True)
class FileInfo:
    """What is known of the files of one batch. Merging is commutative: order never matters.

    `names` are the first five by name, in order.
    """

    count: int
    last_upload: datetime | None
    names: list[str]

    def add(self, filename: str, uploaded_at: datetime | None) -> None:
        """Count one more file."""
        self.count += 1
        latest = self.last_upload
        if uploaded_at is not None and (latest is None or uploaded_at > latest):
            self.last_upload = uploaded_at
        names = self.names
        if len(names) < MAX_NAMES or filename < names[-1]:
            insort(names, filename)
            del names[MAX_NAMES:]

    def as_document(self) -> dict[str, Any]:
        """Return it as `file_info` of a batch."""
        return {
            "file_count": self.count,
            "last_file_upload": self.last_upload,
            "has_files": True,
            "files": self.names,
        }


@dataclass
class StoreContents:
    """What a scan of the mask store found, by batch."""

    total_files: int = 0
    batches: dict[str, FileInfo] = field(default_factory=dict)
    unparsed: list[str] = field(default_factory=list)
    unparsed_count: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    conflict_count: int = 0

    def add(self, files: Iterable[MaskFile]) -> None:
        """Take files into account. Runs once per file of the store: kept lean on purpose."""
        batches, find = self.batches, self.batches.get
        count = 0
        for filename, uploaded_at, declared in files:
            count += 1
            ids = batch_ids_in(filename)
            if declared is not None or not ids:
                ids = self._settle(filename, ids, declared)
            for batch_id in ids:
                info = find(batch_id)
                if info is None:
                    batches[batch_id] = FileInfo(1, uploaded_at, [filename])
                else:
                    info.add(filename, uploaded_at)
        self.total_files += count

    def _settle(self, filename: str, named: tuple[str, ...], declared: object) -> tuple[str, ...]:
        """Return the ids of a file that declares something, or whose name carries no id."""
        ids, conflict = settle(named, declared)
        if not ids:
            self.unparsed_count += 1
            if len(self.unparsed) < MAX_REPORTED:
                self.unparsed.append(filename)
        if conflict:
            self.conflict_count += 1
            if len(self.conflicts) < MAX_REPORTED:
                self.conflicts.append(Conflict(filename, ids[0], named))
        return ids


def settle(named: tuple[str, ...], declared: object) -> tuple[tuple[str, ...], bool]:
    """Return the ids a file counts for, and whether its name and its metadata disagree.

    `named` are the ids in its name; a valid declared one wins over them.
    """
    declared_id = declared_batch_id(declared)
    if declared_id is None:
        return named, False
    return (declared_id,), bool(named) and named != (declared_id,)


@dataclass(frozen=True, slots=True)
class MarkChange:
    """A batch whose mark or file_info the sync must write; what it is now, what it becomes.

    `has_info`: `file_info` is an object now, whose other fields are to be kept.
    """

    key: Any
    batch_id: str
    old_uploaded: Any
    old_count: Any
    has_info: bool
    uploaded: bool
    file_info: dict[str, Any]

    @property
    def is_recorded(self) -> bool:
        """Tell whether history records it: a changed mark or file count (specification, 2)."""
        return (
            self.old_uploaded is not self.uploaded or self.old_count != self.file_info["file_count"]
        )


@dataclass
class MarkPlan:
    """What a sync would write, and the figures of its report."""

    changes: list[MarkChange] = field(default_factory=list)
    total_batches: int = 0
    marked_before: int = 0
    up_to_date: int = 0
    without_masks: int = 0
    cleared: int = 0
    not_found: list[str] = field(default_factory=list)


def plan_marks(contents: StoreContents, batches: Iterable[Mapping[str, Any]]) -> MarkPlan:
    """Compare every batch's mark with what the store holds and return what must be written.

    `batches` are documents with `_id`, `id`, `mongo_uploaded` and `file_info`; documents that
    share an id are all marked. Runs once per batch: kept lean on purpose.
    """
    plan = MarkPlan()
    find, seen = contents.batches.get, set()
    total = marked = up_to_date = 0
    for batch in batches:
        total += 1
        uploaded = batch.get("mongo_uploaded")
        if uploaded is True:
            marked += 1
        batch_id = batch.get("id")
        info = find(batch_id) if batch_id.__class__ is str else None
        if info is None:
            _plan_without_files(plan, batch, uploaded)
            continue
        seen.add(batch_id)
        if uploaded is True and _same(batch.get("file_info"), info):
            up_to_date += 1
        else:
            plan.changes.append(_change(batch, True, info.as_document()))
    plan.total_batches, plan.marked_before, plan.up_to_date = total, marked, up_to_date
    plan.not_found = sorted(contents.batches.keys() - seen)
    return plan


def _plan_without_files(plan: MarkPlan, batch: Mapping[str, Any], uploaded: object) -> None:
    """A batch without files is cleared; one that was never marked is left exactly as it is."""
    stored = batch.get("file_info")
    count = stored.get("file_count") if isinstance(stored, Mapping) else None
    plan.without_masks += 1
    if uploaded is True or count:
        plan.cleared += 1
        plan.changes.append(_change(batch, False, EMPTY_FILE_INFO))


EMPTY_FILE_INFO: dict[str, Any] = {
    "file_count": 0,
    "last_file_upload": None,
    "has_files": False,
    "files": [],
}


def _same(stored: object, info: FileInfo) -> bool:
    return (
        isinstance(stored, dict)
        and stored.get("file_count") == info.count
        and stored.get("last_file_upload") == info.last_upload
        and stored.get("files") == info.names
        and stored.get("has_files") is True
    )


def _change(batch: Mapping[str, Any], uploaded: bool, file_info: dict[str, Any]) -> MarkChange:
    stored = batch.get("file_info")
    return MarkChange(
        key=batch["_id"],
        batch_id=str(batch.get("id")),
        old_uploaded=batch.get("mongo_uploaded"),
        old_count=stored.get("file_count") if isinstance(stored, Mapping) else None,
        has_info=isinstance(stored, Mapping),
        uploaded=uploaded,
        file_info=file_info,
    )


@dataclass(frozen=True)
class Brakes:
    """How many marks a run may clear: this share of the marked batches, or this many."""

    share: float = 0.20
    at_least: int = 5

    def limit(self, marked: int) -> int:
        return max(self.at_least, int(marked * self.share))


def refusal(contents: StoreContents, plan: MarkPlan, brakes: Brakes) -> str | None:
    """Return why this run must change nothing unless forced, or None when it may go on."""
    if contents.total_files == 0:
        return "El almacén de máscaras está vacío: no se cambió nada."
    limit = brakes.limit(plan.marked_before)
    if plan.cleared > limit:
        return (
            f"La sincronización quitaría la marca a {plan.cleared:,} de {plan.marked_before:,} "
            f"batches (el límite es {limit:,}): no se cambió nada."
        )
    return None
