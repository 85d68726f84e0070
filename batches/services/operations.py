"""What was done, one document per operation: the record that `/historial` and undo start from.

Written before the batches are changed, with the ids it is about, and completed afterwards. The
truth of what a batch went through is its own history; this is the way to find it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from batches.rules.states import BatchError
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.telemetry.facts import note_operation

COLLECTION = "operations"
# An operation's ids are stored in stretches of this many, far below a document's limit.
STRETCH = 50_000


class Kind(StrEnum):
    CHANGE = "change"
    BULK = "bulk"
    NEXT = "next"
    TRANSFER = "transfer"
    DISTRIBUTE = "distribute"
    UNDO = "undo"
    DELETE = "delete"
    RESTORE = "restore"
    EMPTY = "empty"
    IMPORT = "import"
    PERSON = "person"
    SYNC = "sync"
    VERIFY = "verify"
    COMMENT = "comment"
    ADOPT = "adopt"
    RESTORE_BACKUP = "restore_backup"


class OperationTakenError(BatchError):
    """The operation id belongs to something else that was done."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"La operación «{operation}» ya es de otra cosa: usa una clave nueva.")


def begin(
    operation: str,
    *,
    kind: Kind,
    actor: Actor,
    keys: Sequence[Any],
    fields: Sequence[str],
    summary: str = "",
    undo_of: str | None = None,
    plan: Mapping[str, Any] | None = None,
) -> None:
    """Record that an operation begins on the batches with these `_id`s. Repeating is harmless.

    `plan` is what a repeated request needs to go on where a first one was cut off. The head of
    the record is written last: where it is, the rest is.
    """
    note_operation(operation)
    collection = main_collection(COLLECTION)
    if plan is not None:
        collection.replace_one({"_id": _plan_id(operation)}, dict(plan), upsert=True)
    for part, start in reversed(list(enumerate(range(0, max(len(keys), 1), STRETCH)))):
        collection.update_one(
            {"_id": operation if part == 0 else f"{operation}:{part}"},
            {
                "$setOnInsert": {
                    "operation": operation,
                    "part": part,
                    "kind": str(kind),
                    "at": datetime.now(UTC),
                    "who": actor.name,
                    "channel": actor.channel.value,
                    "keys": list(keys[start : start + STRETCH]),
                    "fields": list(fields),
                    "summary": summary,
                    "planned": len(keys),
                    "changed": None,
                    "undo_of": undo_of,
                }
            },
            upsert=True,
        )


def resumed(operation: str | None, *, kind: Kind, actor: Actor) -> Document | None:
    """Return the record of an operation that this actor began before, with keys and `plan`.

    None when it is new. Raises OperationTakenError when the id is of something else.
    """
    record = find(operation) if operation else None
    if record is None or operation is None:
        return None
    if (record["kind"], record["who"]) != (str(kind), actor.name):
        raise OperationTakenError(operation)
    plan = main_collection(COLLECTION).find_one({"_id": _plan_id(operation)}, {"_id": 0})
    return {**record, "plan": plan or {}}


def _plan_id(operation: str) -> str:
    return f"{operation}:plan"


def add_keys(operation: str, keys: Sequence[Any], *, part: int) -> None:
    """Record further batches of an operation, for instance those it is about to create; `part`
    from 1. Repeating is harmless."""
    main_collection(COLLECTION).update_one(
        {"_id": f"{operation}:{part}"},
        {
            "$setOnInsert": {"operation": operation, "part": part},
            "$addToSet": {"keys": {"$each": list(keys)}},
        },
        upsert=True,
    )


def drop_keys(operation: str, keys: Sequence[Any], *, part: int) -> None:
    """Take batches out of the record that did not come to be."""
    main_collection(COLLECTION).update_one(
        {"_id": f"{operation}:{part}"}, {"$pull": {"keys": {"$in": list(keys)}}}
    )


def finish(operation: str, *, changed: int) -> None:
    """Record that an operation ended, and how many batches it changed. A repeated request, which
    changes nothing more, does not lower the number."""
    main_collection(COLLECTION).update_one({"_id": operation}, {"$max": {"changed": changed}})


def mark_undo(operation: str, *, of: str) -> None:
    """Record that an operation undid another."""
    main_collection(COLLECTION).update_one({"_id": operation}, {"$set": {"undo_of": of}})


def head(operation: str) -> Document | None:
    """Return an operation's record without its keys (who, kind, how many), or None."""
    return main_collection(COLLECTION).find_one({"operation": operation, "part": 0}, {"keys": 0})


def find(operation: str) -> Document | None:
    """Return an operation's record with all its keys, or None."""
    parts = list(main_collection(COLLECTION).find({"operation": operation}).sort("part"))
    if not parts:
        return None
    keys = [key for part in parts for key in part["keys"]]
    return {**parts[0], "keys": keys}
