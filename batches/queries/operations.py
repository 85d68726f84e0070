"""What everybody did, newest first: the records of operations, and the batches of one."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bson.errors import BSONError
from bson.json_util import dumps, loads
from django.utils import timezone

from batches.models import Batch
from batches.rules.activity import ActivityFilter
from batches.rules.names import parse_batch_id
from crew.filters import FilterError
from segmentacion.mongo import trash
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "operations"
PER_PAGE = 50
HEAD = {"keys": 0}


@dataclass(frozen=True)
class OperationPage:
    """Records without their keys, newest first, and where the next page begins."""

    records: list[Document]
    next_cursor: str


@dataclass(frozen=True)
class Touched:
    """One batch of an operation: its event of it, or None when it lies in the trash."""

    id: str
    event: Document | None
    trashed: bool = False


def page(asked: ActivityFilter) -> OperationPage:
    """Return a page of operations. Raises FilterError when the cursor is none of ours."""
    condition = _condition(asked)
    if asked.cursor:
        at, key = _decode(asked.cursor)
        condition = {
            "$and": [condition, {"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": key}}]}]
        }
    found = main_collection(COLLECTION).find(condition, HEAD)
    records = list(found.sort([("at", -1), ("_id", -1)]).limit(PER_PAGE + 1))
    more = len(records) > PER_PAGE
    records = records[:PER_PAGE]
    return OperationPage(records, _encode(records[-1]) if more else "")


def undone_by(operations: Iterable[str]) -> dict[str, str]:
    """Return who undid each of these operations; the ones that stand are not named."""
    condition = {"undo_of": {"$in": list(operations)}, "part": 0, "changed": {"$gt": 0}}
    found = main_collection(COLLECTION).find(condition, {"undo_of": 1, "who": 1})
    return {record["undo_of"]: str(record["who"]) for record in found}


def people() -> list[str]:
    """Return who did anything, from an index."""
    return sorted(
        (str(who) for who in main_collection(COLLECTION).distinct("who", {"part": 0})),
        key=str.casefold,
    )


def touched_one_by_one(operations: Sequence[str]) -> dict[str, Touched]:
    """Return the batch of each of these operations that is about a single one."""
    condition = {"_id": {"$in": list(operations)}, "planned": 1}
    records = main_collection(COLLECTION).find(condition, {"keys": 1, "kind": 1})
    keys = {record["_id"]: record["keys"][0] for record in records if record["keys"]}
    found = _with_events(list(keys.values()), list(keys))
    lying = _lying(keys)
    touched = {}
    for operation, key in keys.items():
        event = found.get(key, {}).get("events", {}).get(operation)
        if event is not None:
            touched[operation] = Touched(found[key]["id"], event)
        elif operation in lying:
            touched[operation] = Touched(lying[operation], None, trashed=True)
    return touched


def touched(operation: str, *, page: int, per_page: int = PER_PAGE) -> tuple[list[Touched], int]:
    """Return a page of an operation's batches with what it did to each, and how many there are."""
    keys = _keys(operation)
    part = keys[(page - 1) * per_page : page * per_page]
    found = _with_events(part, [operation])
    entries = main_collection(trash.COLLECTION).find(
        {"_id": {"$in": [f"{operation}:{key}" for key in part]}}, {"key": 1}
    )
    lying = {entry["_id"]: str(entry["key"]) for entry in entries}
    shown = []
    for key in part:
        event = found.get(key, {}).get("events", {}).get(operation)
        if event is not None:
            shown.append(Touched(found[key]["id"], event))
        elif f"{operation}:{key}" in lying:
            shown.append(Touched(lying[f"{operation}:{key}"], None, trashed=True))
    return shown, len(keys)


def _keys(operation: str) -> list[Any]:
    parts = main_collection(COLLECTION).find({"operation": operation}, {"keys": 1}).sort("part")
    return [key for part in parts for key in part.get("keys", [])]


def _with_events(keys: Sequence[Any], operations: Sequence[str]) -> dict[Any, Document]:
    """Return the batches by `_id`, each with its events of these operations."""
    events = {
        "$filter": {
            "input": {"$cond": [{"$isArray": "$history"}, "$history", []]},
            "as": "event",
            "cond": {"$in": ["$$event.operation", list(operations)]},
        }
    }
    found = main_collection(Batch.COLLECTION).find(
        {"_id": {"$in": list(keys)}}, {"id": 1, "events": events}
    )
    return {
        document["_id"]: {
            "id": str(document.get("id")),
            "events": {event["operation"]: event for event in document["events"]},
        }
        for document in found
    }


def _lying(keys: dict[str, Any]) -> dict[str, str]:
    """Return the id of what each operation put into the trash and is still there."""
    wanted = [f"{operation}:{key}" for operation, key in keys.items()]
    entries = main_collection(trash.COLLECTION).find(
        {"_id": {"$in": wanted}}, {"operation": 1, "key": 1}
    )
    return {entry["operation"]: str(entry["key"]) for entry in entries}


def _condition(asked: ActivityFilter) -> Document:
    condition: Document = {"part": 0}
    for name, value in (("who", asked.who), ("channel", asked.channel), ("kind", asked.kind)):
        if value:
            condition[name] = value
    if asked.field:
        condition["fields"] = asked.field
    if asked.batch:
        condition["_id"] = {"$in": _operations_of(asked.batch)}
    period: Document = {}
    if asked.start:
        period["$gte"] = _midnight(asked.start)
    if asked.end:
        period["$lt"] = _midnight(asked.end + timedelta(days=1))
    return condition | ({"at": period} if period else {})


def _operations_of(text: str) -> list[str]:
    """Return the operations a batch went through, by its own history, in the trash too."""
    batch_id = parse_batch_id(text) or text
    projection = {"history.operation": 1}
    documents = list(main_collection(Batch.COLLECTION).find({"id": batch_id}, projection))
    names: set[str] = set()
    for entry in trash.of_kind("batch", key=batch_id):
        names.add(str(entry.get("operation")))
        documents.append(entry["document"])
    for document in documents:
        history = document.get("history")
        events = history if isinstance(history, list) else []
        names |= {str(e.get("operation")) for e in events if isinstance(e, dict)}
    return sorted(names)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)


def _encode(record: Document) -> str:
    text = dumps([record["at"], record["_id"]])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decode(cursor: str) -> tuple[datetime, str]:
    try:
        at, key = loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError, TypeError, BSONError) as error:
        raise FilterError("cursor: no es de esta lista") from error
    if not isinstance(at, datetime) or not isinstance(key, str):
        raise FilterError("cursor: no es de esta lista")
    return at, key
