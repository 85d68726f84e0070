"""Importing and replacing batches: read a file, plan, apply.

Applying is safe to repeat: a new batch is written only if its id is still absent, a change only
if the batch is still at the version the plan saw. An interrupted import is completed by running
it again; what changed meanwhile is reported, not overwritten.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bson import ObjectId
from django.utils import timezone
from pymongo import DeleteOne, UpdateOne

from batches import queries
from batches.models import DATA_VERSION, IDS_VERSION, Batch, empty_file_info, empty_metadata
from batches.rules.importing import (
    ImportPlan,
    Row,
    parse_rows,
    plan_import,
)
from batches.rules.states import Priority, Review, Status
from batches.services import operations, writing
from batches.services.operations import Kind
from batches.services.reading import read_path
from crew import queries as crew_queries
from segmentacion.actors import Actor
from segmentacion.mongo import trash, versions
from segmentacion.mongo.clients import Document, main_collection

Item = TypeVar("Item")
# Parts of the operation's record before this one hold what it changes (see `operations.begin`).
FIRST_CREATED = 1_000


@dataclass
class ImportReport:
    """What an import did. `conflicts` are ids that changed between plan and write."""

    operation: str
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    conflicts: list[str] = field(default_factory=list)


def read_entries(path: Path) -> list[object]:
    """Read the entries of a batches file. Raises ImportFormatError that says what is wrong."""
    return read_path(path).entries


def make_plan(
    entries: Sequence[object], *, replace: bool = False, numbers: Sequence[int] = ()
) -> ImportPlan:
    """Compare entries with the database and return what an import would do. Writes nothing.

    `numbers` are the rows that entries have in their file; without them they are counted.
    """
    rows = list(parse_rows(entries, timezone.get_current_timezone(), numbers))
    ids = [row.id for row in rows if isinstance(row, Row)]
    existing = {} if not ids else queries.by_id(ids)
    plan = plan_import(
        rows,
        existing=existing,
        crew=set(crew_queries.names(active_only=True)),
        ambiguous=queries.duplicated_ids(),
    )
    if replace:
        kept = set(ids) | {row.batch_id for row in plan.invalid}
        plan.removed = [batch_id for batch_id in queries.all_ids() if batch_id not in kept]
    return plan


def apply_plan(
    plan: ImportPlan, *, actor: Actor, operation: str, report: ImportReport
) -> Iterator[int]:
    """Carry out a plan, filling `report` and yielding how many batches are done so far.

    New first, then changes, then (a replacement) what goes to the trash: an interruption leaves
    too much rather than too little.
    """
    report.unchanged = plan.unchanged
    done = 0
    _begin(plan, actor=actor, operation=operation)
    for step in (
        _create(plan.new, actor=actor, operation=operation, report=report),
        _change(plan, actor=actor, operation=operation, report=report),
        _remove(plan.removed, actor=actor, operation=operation, report=report),
    ):
        for count in step:
            done += count
            yield done
    changed = report.created + report.changed + report.removed
    operations.finish(operation, changed=changed)


def _begin(plan: ImportPlan, *, actor: Actor, operation: str) -> None:
    """Record what is about to happen; the batches it creates are added as they come to be."""
    if not (plan.new or plan.changed or plan.removed):
        return
    operations.begin(
        operation,
        kind=Kind.IMPORT,
        actor=actor,
        keys=[change.key for change in plan.changed],
        fields=sorted({path for change in plan.changed for path in change.values}),
        summary=_summary(plan),
    )


def _summary(plan: ImportPlan) -> str:
    counts = ((plan.new, "nuevos"), (plan.changed, "cambiados"), (plan.removed, "a la papelera"))
    return ", ".join(f"{len(items):,} {word}" for items, word in counts if items)


def _create(
    rows: Sequence[Row], *, actor: Actor, operation: str, report: ImportReport
) -> Iterator[int]:
    for number, chunk in enumerate(_chunks(rows)):
        created = insert_new(chunk, actor=actor, operation=operation, part=FIRST_CREATED + number)
        report.created += len(created)
        if len(created) < len(chunk):
            report.conflicts += [row.id for row in chunk if row.id not in created]
        yield len(chunk)


def insert_new(
    rows: Sequence[Row], *, actor: Actor, operation: str, part: int, comment: str = ""
) -> set[str]:
    """Create those that are absent, in one command; return their ids. They are recorded before
    they are there, so that whoever undoes an interrupted operation finds them."""
    now = datetime.now(UTC)
    documents = [
        new_batch(row, actor=actor, operation=operation, now=now, comment=comment) for row in rows
    ]
    operations.add_keys(operation, [document["_id"] for document in documents], part=part)
    writes = [
        UpdateOne({"id": row.id}, {"$setOnInsert": document}, upsert=True)
        for row, document in zip(rows, documents, strict=True)
    ]
    result = main_collection(Batch.COLLECTION).bulk_write(writes, ordered=False)
    versions.bump(DATA_VERSION, IDS_VERSION)
    written = set((result.upserted_ids or {}).keys())
    if absent := [d["_id"] for index, d in enumerate(documents) if index not in written]:
        operations.drop_keys(operation, absent, part=part)
    return {rows[index].id for index in written}


def _change(
    plan: ImportPlan, *, actor: Actor, operation: str, report: ImportReport
) -> Iterator[int]:
    for chunk in _chunks(plan.changed):
        now = datetime.now(UTC)
        writes = [
            UpdateOne(
                {"_id": change.key, **writing.at_version(change.version)},
                writing.change_pipeline(
                    {path: new for path, (_, new) in change.values.items()},
                    actor=actor,
                    operation=operation,
                    now=now,
                ),
            )
            for change in chunk
        ]
        result = main_collection(Batch.COLLECTION).bulk_write(writes, ordered=False)
        versions.bump(DATA_VERSION)
        report.changed += result.modified_count
        if result.modified_count < len(chunk):
            written = queries.ids_of_operation(operation)
            report.conflicts += [change.id for change in chunk if change.id not in written]
        yield len(chunk)


def _remove(
    ids: Sequence[str], *, actor: Actor, operation: str, report: ImportReport
) -> Iterator[int]:
    for chunk in _chunks(ids, size=1_000):
        report.removed += move_to_trash(
            chunk, reason="reemplazado", actor=actor, operation=operation
        )
        yield len(chunk)


def move_to_trash(ids: Sequence[str], *, reason: str, actor: Actor, operation: str) -> int:
    """Move batches to the trash, whole. Returns how many were removed.

    The copy is written first, and a batch goes only if it is still as copied: whoever changes
    it in between keeps it.
    """
    collection = main_collection(Batch.COLLECTION)
    documents = list(collection.find({"id": {"$in": list(ids)}}))
    trash.put("batch", documents, reason=reason, actor=actor, operation=operation)
    deletions = [
        DeleteOne({"_id": document["_id"], **writing.as_read(document)}) for document in documents
    ]
    if not deletions:
        return 0
    result = collection.bulk_write(deletions, ordered=False)
    versions.bump(DATA_VERSION, IDS_VERSION)
    return result.deleted_count


def new_batch(
    row: Row, *, actor: Actor, operation: str, now: datetime, comment: str = ""
) -> Document:
    """Return the whole document of a batch that an import creates."""
    event = writing.creation_event(actor=actor, operation=operation, now=now, comment=comment)
    document: Document = {
        "_id": ObjectId(),
        "folder": "",
        "assignee": None,
        "status": str(Status.NOT_SEGMENTED),
        "comments": "",
        "mongo_uploaded": False,
        "file_info": empty_file_info(),
        "metadata": empty_metadata(),
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "completed_at": None,
        "reviewed_at": None,
        "history": [event],
    }
    for path, value in row.values.items():
        target, name = document, path
        if path.startswith("metadata."):
            target, name = document["metadata"], path.removeprefix("metadata.")
        target[name] = value
    _stamp(document, now)
    return document


def _stamp(document: Document, now: datetime) -> None:
    """Set the times that follow from the state a new batch starts with."""
    metadata: dict[str, Any] = document["metadata"]
    if document["assignee"] and metadata["assigned_at"] is None:
        metadata["assigned_at"] = now
    if document["status"] == Status.SEGMENTED:
        document["completed_at"] = now
    if metadata["review_status"] != Review.PENDING:
        document["reviewed_at"] = now
    metadata["priority"] = metadata["priority"] or str(Priority.MEDIUM)


def _chunks(items: Sequence[Item], size: int = writing.CHUNK) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
