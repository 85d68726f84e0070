"""Deleting batches into the trash, putting them back, and emptying it.

A batch goes only if it is still as it was copied, and comes back whole: same `_id`, history and
version, with one event more. Emptying is a separate act, and the only one that deletes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import DeleteOne
from pymongo.errors import DuplicateKeyError

from batches.models import DATA_VERSION, IDS_VERSION, Batch
from batches.services import operations, writing
from batches.services.operations import Kind
from segmentacion.actors import Actor
from segmentacion.mongo import trash, versions
from segmentacion.mongo.clients import Document, main_collection

REASON = "eliminado"
TAKEN = "ya existe otro batch con este id"


@dataclass
class RestoreReport:
    """What came back. `refused` are (id, reason)."""

    operation: str
    restored: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def delete(
    keys: Sequence[Any],
    *,
    actor: Actor,
    operation: str,
    reason: str = REASON,
    version: int | None = None,
    plan: Mapping[str, Any] | None = None,
) -> int:
    """Move batches (by `_id`; at this version, if said) to the trash; return how many went. Who
    changes one in between keeps it. `plan`: see `operations.begin`."""
    collection = main_collection(Batch.COLLECTION)
    seen = {} if version is None else writing.at_version(version)
    documents = list(collection.find({"_id": {"$in": list(keys)}, **seen}))
    if not documents:
        return 0
    operations.begin(
        operation,
        kind=Kind.DELETE,
        actor=actor,
        keys=[document["_id"] for document in documents],
        fields=[],
        summary=reason,
        plan=plan,
    )
    trash.put("batch", documents, reason=reason, actor=actor, operation=operation)
    result = collection.bulk_write(
        [DeleteOne({"_id": d["_id"], **writing.as_read(d)}) for d in documents], ordered=False
    )
    if result.deleted_count < len(documents):
        _forget_kept(operation, [document["_id"] for document in documents])
    versions.bump(DATA_VERSION)
    operations.finish(operation, changed=result.deleted_count)
    return result.deleted_count


def _forget_kept(operation: str, keys: Sequence[Any]) -> None:
    """Take out of the trash the copies of batches that stayed: they are older than the batch."""
    stayed = main_collection(Batch.COLLECTION).find({"_id": {"$in": list(keys)}}, {"_id": 1})
    copies = [f"{operation}:{document['_id']}" for document in stayed]
    main_collection(trash.COLLECTION).delete_many({"_id": {"$in": copies}})


def restore_operation(deleted_by: str, *, actor: Actor, operation: str) -> RestoreReport:
    """Put back what one deletion moved to the trash."""
    return restore(trash.of_kind("batch", operation=deleted_by), actor=actor, operation=operation)


def restore(entries: Sequence[Document], *, actor: Actor, operation: str) -> RestoreReport:
    """Put entries of the trash back as they were; each leaves the trash once it is in its place.

    An entry whose id is taken by another batch stays in the trash and is named.
    """
    report = RestoreReport(operation)
    keys = [entry["document"]["_id"] for entry in entries]
    operations.begin(operation, kind=Kind.RESTORE, actor=actor, keys=keys, fields=[])
    for entry in entries:
        if _put_back(entry, actor, operation):
            report.restored += 1
        else:
            report.refused.append((str(entry.get("key")), TAKEN))
    versions.bump(DATA_VERSION, IDS_VERSION)
    operations.finish(operation, changed=report.restored)
    return report


def empty(*, actor: Actor, operation: str, until: datetime | None = None) -> int:
    """Delete for good what lies in the trash (since before `until`, if said); return how many.

    The caller asks and checks. What was deleted cannot be put back; that it was, is recorded.
    """
    condition: Document = {"kind": "batch"} | ({"at": {"$lte": until}} if until else {})
    operations.begin(operation, kind=Kind.EMPTY, actor=actor, keys=[], fields=[])
    deleted = main_collection(trash.COLLECTION).delete_many(condition).deleted_count
    operations.finish(operation, changed=deleted)
    return deleted


def _put_back(entry: Document, actor: Actor, operation: str) -> bool:
    """Insert the document with an event more. A crash before the entry is gone repeats safely."""
    document = entry["document"]
    collection = main_collection(Batch.COLLECTION)
    present = collection.find_one({"id": document.get("id")}, {"_id": 1})
    if present and present["_id"] != document["_id"]:
        return False
    if not present:
        event = {
            "at": datetime.now(UTC),
            "who": actor.name,
            "channel": actor.channel.value,
            "operation": operation,
            "changes": [{"field": "papelera", "old": entry.get("reason"), "new": "restaurado"}],
        }
        history = document.get("history")
        events = [*history, event] if isinstance(history, list) else [event]
        version = int(document.get("version") or 0) + 1
        try:
            collection.insert_one({**document, "history": events, "version": version})
        except DuplicateKeyError:
            return False
    main_collection(trash.COLLECTION).delete_one({"_id": entry["_id"]})
    return True
