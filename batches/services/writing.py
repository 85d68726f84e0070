"""The one write path of batches.

A change is one conditional update of one document, and its history is part of it: an update
pipeline sets the fields, raises `version`, and appends an event that the server builds from the
values it replaces. No change without history, no history without change. `update_many` with the
same pipeline changes many batches, each atomically.

Fields are paths in the document (`metadata.due_date`). The event is
`{at, who, channel, operation, changes: [{field, old, new}], comment?}`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batches.models import DATA_VERSION, Batch
from segmentacion.actors import Actor
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

CHUNK = 10_000


def change_pipeline(
    values: Mapping[str, Any],
    *,
    actor: Actor,
    operation: str,
    now: datetime,
    comment: str = "",
) -> list[Document]:
    """Return the update pipeline that sets `values` (by path) and records it.

    The caller's filter must exclude documents in which nothing would change.
    """
    event: Document = {
        "at": now,
        "who": {"$literal": actor.name},
        "channel": actor.channel.value,
        "operation": operation,
        "changes": [_change(field, value) for field, value in values.items()],
    }
    if comment:
        event["comment"] = {"$literal": comment}
    return [
        {
            "$set": {
                **{field: {"$literal": value} for field, value in values.items()},
                "version": {"$add": [{"$ifNull": ["$version", 0]}, 1]},
                "updated_at": now,
                "history": {"$concatArrays": [HISTORY, [event]]},
            }
        }
    ]


# A history that is missing, or that another program left as something else, starts anew; what
# was there stays inside the first event's place, never dropped.
HISTORY: Document = {
    "$switch": {
        "branches": [
            {"case": {"$isArray": ["$history"]}, "then": "$history"},
            {"case": {"$lte": ["$history", None]}, "then": []},
        ],
        "default": [{"found": "$history"}],
    }
}


def creation_event(*, actor: Actor, operation: str, now: datetime, comment: str = "") -> Document:
    """Return the first event of a new batch's history."""
    event: Document = {
        "at": now,
        "who": actor.name,
        "channel": actor.channel.value,
        "operation": operation,
        "changes": [{"field": "id", "old": None, "new": "creado"}],
    }
    return event | ({"comment": comment} if comment else {})


def change_many(condition: Document, pipeline: list[Document]) -> int:
    """Change every batch that meets the condition, in one command; return how many."""
    result = main_collection(Batch.COLLECTION).update_many(condition, pipeline)
    if result.modified_count:
        versions.bump(DATA_VERSION)
    return result.modified_count


def _change(field: str, value: Any) -> Document:
    return {
        "field": {"$literal": field},
        "old": {"$ifNull": [f"${field}", None]},
        "new": {"$literal": value},
    }


def at_version(version: int) -> Document:
    """Return the condition that a batch is still at this version (none counts as 0)."""
    return {"version": version} if version else {"version": {"$in": [0, None]}}


def as_read(document: Document) -> Document:
    """Return the condition that neither a person nor the sync changed a batch since it was read.

    The sync does not raise `version`, but whatever it records lengthens the history.
    """
    history = document.get("history")
    length = {"history": {"$size": len(history)}} if isinstance(history, list) else {}
    return at_version(int(document.get("version") or 0)) | length
