"""Deleting batches into the trash, putting them back, and emptying it.

A batch goes only if it is still as it was copied, and comes back whole: same `_id`, history and
version, with one event more; whoever was renamed meanwhile gets it back by the new name. Emptying
is a separate act, and the only one that deletes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import DeleteOne
from pymongo.errors import BulkWriteError

from batches.models import DATA_VERSION, IDS_VERSION, Batch
from batches.queries.metrics import renames
from batches.rules.metrics.people import People
from batches.rules.undoing import RESTORED
from batches.services import operations, writing
from batches.services.operations import Kind
from segmentacion.actors import Actor
from segmentacion.mongo import trash, versions
from segmentacion.mongo.clients import Document, main_collection

REASON = "eliminado"
TAKEN = "ya existe otro batch con este id"
# Whole batches, with their histories, are held this many at a time.
AT_ONCE = 1_000
DUPLICATE_KEY = 11000


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
    stayed = move(documents, reason=reason, actor=actor, operation=operation)
    deleted = len(documents) - len(stayed)
    operations.finish(operation, changed=deleted)
    return deleted


def move(documents: Sequence[Document], *, reason: str, actor: Actor, operation: str) -> list[Any]:
    """Move these batches to the trash; return the `_id`s of those that stay, because somebody
    changed them since they were read. Their copies, older than they are, do not stay."""
    if not documents:
        return []
    collection = main_collection(Batch.COLLECTION)
    trash.put("batch", documents, reason=reason, actor=actor, operation=operation)
    result = collection.bulk_write(
        [DeleteOne({"_id": d["_id"], **writing.as_read(d)}) for d in documents], ordered=False
    )
    versions.bump(DATA_VERSION, IDS_VERSION)
    if result.deleted_count == len(documents):
        return []
    keys = [document["_id"] for document in documents]
    stayed = [d["_id"] for d in collection.find({"_id": {"$in": keys}}, {"_id": 1})]
    copies = [f"{operation}:{key}" for key in stayed]
    main_collection(trash.COLLECTION).delete_many({"_id": {"$in": copies}})
    return stayed


def lying(operation: str) -> dict[str, Any]:
    """Return what an operation moved to the trash and still lies there, newest first: the entries'
    own `_id`s, and the `_id`s of their batches."""
    found = main_collection(trash.COLLECTION).find(
        {"operation": operation, "kind": "batch"}, {"document._id": 1}
    )
    return {entry["_id"]: entry["document"]["_id"] for entry in found.sort("at", -1)}


def restore_operation(deleted_by: str, *, actor: Actor, operation: str) -> RestoreReport:
    """Put back what one deletion moved to the trash."""
    return _restore(lying(deleted_by), actor, operation)


def restore(entries: Sequence[Document], *, actor: Actor, operation: str) -> RestoreReport:
    """Put entries of the trash back as they were, as one operation."""
    keys = {entry["_id"]: entry["document"]["_id"] for entry in entries}
    return _restore(keys, actor, operation)


def _restore(entries: Mapping[str, Any], actor: Actor, operation: str) -> RestoreReport:
    keys = list(entries.values())
    operations.begin(operation, kind=Kind.RESTORE, actor=actor, keys=keys, fields=[])
    report = put_back(list(entries), actor=actor, operation=operation)
    operations.finish(operation, changed=report.restored)
    return report


def put_back(entries: Sequence[str], *, actor: Actor, operation: str) -> RestoreReport:
    """Put entries of the trash (by their own `_id`) back; each leaves the trash once its batch is
    in its place. A crash in between repeats safely.

    An entry whose id is taken by another batch stays in the trash and is named.
    """
    report = RestoreReport(operation)
    collection = main_collection(trash.COLLECTION)
    people = People(renames())
    for start in range(0, len(entries), AT_ONCE):
        wanted = list(entries[start : start + AT_ONCE])
        found = {entry["_id"]: entry for entry in collection.find({"_id": {"$in": wanted}})}
        chunk = [found[key] for key in wanted if key in found]
        taken = _insert(chunk, people, actor, operation)
        collection.delete_many({"_id": {"$in": [key for key in found if key not in taken]}})
        report.restored += len(found) - len(taken)
        report.refused += [(str(e.get("key")), TAKEN) for e in chunk if e["_id"] in taken]
        versions.bump(DATA_VERSION, IDS_VERSION)
    return report


def _insert(entries: Sequence[Document], people: People, actor: Actor, operation: str) -> set[str]:
    """Insert the batches of entries that are not there already; return the entries whose id is
    another batch's."""
    ids = [entry["document"]["id"] for entry in entries if "id" in entry["document"]]
    there = main_collection(Batch.COLLECTION).find({"id": {"$in": ids}}, {"id": 1})
    holders = {document["id"]: document["_id"] for document in there}
    here = set(holders.values())
    taken: set[str] = set()
    absent: list[Document] = []
    for entry in entries:
        document = entry["document"]
        if holders.setdefault(document.get("id", entry["_id"]), document["_id"]) != document["_id"]:
            taken.add(entry["_id"])
        elif document["_id"] not in here:
            absent.append(entry)
    try:
        returned = [_returned(entry, people, actor, operation) for entry in absent]
        if returned:
            main_collection(Batch.COLLECTION).insert_many(returned, ordered=False)
    except BulkWriteError as error:
        failed = error.details["writeErrors"]
        if any(one["code"] != DUPLICATE_KEY for one in failed):
            raise
        taken |= {absent[one["index"]]["_id"] for one in failed}
    return taken


def _returned(entry: Document, people: People, actor: Actor, operation: str) -> Document:
    """Return the document of an entry as it comes back: with an event more, a version higher, and
    with whom it was, whatever they are called now."""
    document = entry["document"]
    changes = [{"field": RESTORED, "old": entry.get("reason"), "new": "restaurado"}]
    renamed = _renamed(document.get("assignee"), entry.get("at"), people)
    changes += [{"field": name, "old": document[name], "new": renamed[name]} for name in renamed]
    event = {
        "at": datetime.now(UTC),
        "who": actor.name,
        "channel": actor.channel.value,
        "operation": operation,
        "changes": changes,
    }
    history = document.get("history")
    events = [*history, event] if isinstance(history, list) else [event]
    version = int(document.get("version") or 0) + 1
    return {**document, **renamed, "history": events, "version": version}


def _renamed(name: Any, thrown_away: Any, people: People) -> Document:
    """Return the assignee to write, if who that was has another name since."""
    if not (name and isinstance(name, str) and isinstance(thrown_away, datetime)):
        return {}
    called = people.called(name, thrown_away)
    return {} if called == name else {"assignee": called}


def empty(*, actor: Actor, operation: str, until: datetime | None = None) -> int:
    """Delete for good what lies in the trash (since before `until`, if said); return how many.

    The caller asks and checks. What was deleted cannot be put back; that it was, is recorded.
    """
    condition: Document = {"kind": "batch"} | ({"at": {"$lte": until}} if until else {})
    operations.begin(operation, kind=Kind.EMPTY, actor=actor, keys=[], fields=[])
    deleted = main_collection(trash.COLLECTION).delete_many(condition).deleted_count
    operations.finish(operation, changed=deleted)
    return deleted
