"""The catalogue of the store in plain Python: what an entry says of a file, and what a few
changed files mean for batches and figures. No Django, no MongoDB, no clock.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batches.rules.names import batch_ids_in
from masks.rules.sync import MAX_REPORTED, Conflict, FileInfo, settle

Entry = Mapping[str, Any]
COPIED = (
    "filename",
    "uploadDate",
    "length",
    "uploaded_by",
    "declared",
    "batches",
    "conflict",
)
# Longer than any id or name of a person: what is longer is not copied.
MAX_TEXT = 1024


def entry_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the catalogue says of a file of the store, under its `_id`."""
    filename = document.get("filename")
    stored = document.get("metadata")
    metadata: Mapping[str, Any] = stored if isinstance(stored, Mapping) else {}
    declared = metadata.get("batch_id")
    named = batch_ids_in(filename) if isinstance(filename, str) else ()
    ids, conflict = settle(named, declared)
    return {
        "_id": document["_id"],
        "filename": filename,
        "uploadDate": document.get("uploadDate"),
        "length": document.get("length"),
        "uploaded_by": _short(metadata.get("uploaded_by")),
        "declared": _short(declared),
        "batches": list(ids),
        "conflict": conflict,
    }


def is_same(known: Entry | None, entry: Entry) -> bool:
    """Tell whether the catalogue has this entry already, as a file that is there."""
    return (
        known is not None
        and known.get("here") is True
        and all(known.get(name) == entry[name] for name in COPIED)
    )


def conflict_of(entry: Entry) -> Conflict:
    """Return an entry's conflict as reports name it."""
    filename = str(entry["filename"])
    return Conflict(filename, str(entry["batches"][0]), batch_ids_in(filename))


@dataclass(frozen=True)
class Change:
    """A file as the catalogue has it (None: not there) and as the store has it now."""

    old: Entry | None
    new: Entry | None

    @property
    def was_here(self) -> bool:
        return self.old is not None and self.old.get("here") is True

    @property
    def difference(self) -> int:
        """Return by how many files there are more, or less, after it."""
        return (self.new is not None) - self.was_here

    @property
    def batch_ids(self) -> set[str]:
        return {*(self.old or {}).get("batches", ()), *(self.new or {}).get("batches", ())}


@dataclass
class Touched:
    """The batches that changed files count for: their files after, and which had any before."""

    after: dict[str, FileInfo] = field(default_factory=dict)
    had: set[str] = field(default_factory=set)

    def count(self, ids: Iterable[str], entry: Entry) -> None:
        """Count a file for these of the batches."""
        filename, uploaded = entry["filename"], entry["uploadDate"]
        filename = filename if isinstance(filename, str) else ""
        uploaded = uploaded if isinstance(uploaded, datetime) else None
        for batch_id in ids:
            info = self.after.get(batch_id)
            if info is None:
                self.after[batch_id] = FileInfo(1, uploaded, [filename])
            else:
                info.add(filename, uploaded)


def recompute(
    wanted: Collection[str],
    known: Iterable[tuple[Hashable, Entry]],
    changes: Mapping[Hashable, Change],
) -> Touched:
    """Return what the batches have once the changes are in the catalogue.

    `known` are the catalogue's entries of these batches, by key, as files that are there.
    """
    touched = Touched()
    for key, entry in known:
        ids = [batch_id for batch_id in entry["batches"] if batch_id in wanted]
        touched.had.update(ids)
        if key not in changes:
            touched.count(ids, entry)
    for change in changes.values():
        if change.new is not None:
            touched.count(change.new["batches"], change.new)
    return touched


@dataclass(frozen=True)
class Names:
    """Some names for a report, the first ones, and how many there are."""

    first: tuple[Any, ...] = ()
    count: int = 0

    def changed(self, gone: Iterable[Any], new: Iterable[Any]) -> "Names":
        """Return it without those that went and with those that came."""
        names, gone, new = list(self.first), list(gone), list(new)
        for name in gone:
            if name in names:
                names.remove(name)
        count = max(0, self.count - len(gone) + len(new))
        return Names((*names, *new)[:MAX_REPORTED], count)


def _short(value: object) -> Any:
    """Return a small value as it is; a long text or anything nested is not copied."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else None
    return value if isinstance(value, bool | int | float) else None
