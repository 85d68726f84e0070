"""Writing the old values back, on the server, from the event that holds them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from batches.models import Batch
from batches.services import writing
from batches.services.undoing.report import Undoing
from batches.services.undoing.standing import LAST
from segmentacion.mongo.clients import Document, main_collection


def write_back(keys: Sequence[Any], fields: Sequence[str], undoing: Undoing) -> int:
    """Set these fields of these batches to what the event says they were; return how many.

    Who changes one in between keeps it.
    """
    operation = {"$getField": {"field": "operation", "input": LAST}}
    condition = {"_id": {"$in": list(keys)}, "$expr": {"$eq": [operation, undoing.undone]}}
    return writing.change_many(condition, _pipeline(fields, undoing, datetime.now(UTC)))


def left(keys: Sequence[Any], operation: str) -> list[Any]:
    """Return the `_id`s of those that somebody changed before they could be put back."""
    condition = {"_id": {"$in": list(keys)}, "history.operation": {"$ne": operation}}
    found = main_collection(Batch.COLLECTION).find(condition, {"_id": 1})
    return [document["_id"] for document in found]


def _pipeline(fields: Sequence[str], undoing: Undoing, now: datetime) -> list[Document]:
    """Return the update that sets each field to the event's old value and records the inverse."""
    inverse = {
        "$map": {
            "input": "$__undone.changes",
            "as": "change",
            "in": {"field": "$$change.field", "old": "$$change.new", "new": "$$change.old"},
        }
    }
    event = {
        "at": now,
        "who": {"$literal": undoing.actor.name},
        "channel": undoing.actor.channel.value,
        "operation": undoing.new,
        "undo_of": undoing.undone,
        "changes": inverse,
    }
    return [
        {"$set": {"__undone": LAST}},
        {
            "$set": {
                **{path: _old_value(path) for path in fields},
                "version": {"$add": [{"$ifNull": ["$version", 0]}, 1]},
                "updated_at": now,
                "history": {"$concatArrays": ["$history", [event]]},
            }
        },
        {"$unset": "__undone"},
    ]


def _old_value(path: str) -> Document:
    """Return the value a field had before, or the present one where the event has no such field."""
    matching = {
        "$filter": {
            "input": "$__undone.changes",
            "as": "change",
            "cond": {"$eq": ["$$change.field", path]},
        }
    }
    return {
        "$let": {
            "vars": {"found": {"$first": matching}},
            "in": {"$cond": [{"$eq": [{"$type": "$$found"}, "object"]}, "$$found.old", f"${path}"]},
        }
    }
