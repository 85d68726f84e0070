"""Undoing an operation, and redoing it by undoing the undo.

A batch is put back only if the operation is the last thing that people did to it (the sync's own
marks and verdicts on masks do not count); those that changed since are refused and named. The old
values come from the event itself, on the server, and the undo is an event like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from batches.models import Batch
from batches.rules.activity import UNDOABLE
from batches.rules.changes import Asker
from batches.rules.states import BatchError
from batches.rules.undoing import Return, refusal
from batches.services import operations, trash, writing
from batches.services.operations import Kind
from crew import queries as crew_queries
from segmentacion.actors import Actor, Channel, new_operation
from segmentacion.mongo.clients import Document, main_collection

CHANGED_SINCE = "cambió después de esta operación"
REMOVED_SINCE = "ya no está (revisa la papelera)"


class UnknownOperationError(BatchError):
    def __init__(self, operation: str) -> None:
        super().__init__(f"No hay una operación «{operation}» que se pueda deshacer.")


class NotUndoableError(BatchError):
    """The operation has no way back, or another one: the message says which."""


# What to do about what undo does not do.
INSTEAD = {
    "empty": "Vaciar la papelera no se puede deshacer. Si hace falta, restaura un respaldo.",
    "person": "Un cambio en el equipo se deshace en el equipo: vuelve a poner el nombre anterior, "
    "o agrega de nuevo a la persona y pásale sus batches.",
    "import": "Una importación se corrige importando otra vez el archivo anterior; lo que quitó "
    "está en la papelera.",
    "sync": "Lo que marcó la sincronización sigue al almacén: vuelve a sincronizar.",
}
NO_WAY_BACK = "Eso no se puede deshacer."


@dataclass
class UndoReport:
    """What an undo put back. `refused` are (id, reason); `operation` undoes the undo."""

    operation: str
    restored: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Undoing:
    """An undo under way: the record of what is undone, who asks, and how it goes."""

    record: Document
    asker: Asker
    actor: Actor
    report: UndoReport

    @property
    def undone(self) -> str:
        return str(self.record["operation"])

    @property
    def new(self) -> str:
        return self.report.operation


def undo(operation: str, *, asker: Asker, actor: Actor, new: str | None = None) -> UndoReport:
    """Put back what an operation changed, where the rules and the asker's rights allow it.

    `new` is the undo's own operation id; repeating it changes nothing more. Raises
    UnknownOperationError, NotUndoableError.
    """
    record = operations.find(operation)
    if record is None:
        raise UnknownOperationError(operation)
    if record["kind"] not in UNDOABLE:
        raise NotUndoableError(INSTEAD.get(record["kind"], NO_WAY_BACK))
    undoing = Undoing(record, asker, actor, UndoReport(new or new_operation()))
    if record["kind"] == Kind.DELETE:
        return _undo_deletion(undoing)
    if record["kind"] == Kind.RESTORE:
        return _undo_restoration(undoing)
    return _undo_changes(undoing)


def _undo_changes(undoing: Undoing) -> UndoReport:
    record, report = undoing.record, undoing.report
    keys = _undoable(undoing)
    operations.begin(
        undoing.new,
        kind=Kind.UNDO,
        actor=undoing.actor,
        keys=keys,
        fields=record["fields"],
        undo_of=undoing.undone,
    )
    written = _write(record, keys, undoing.actor, undoing.new)
    if written < len(keys):
        report.refused += [(name, CHANGED_SINCE) for name in _left(keys, undoing.new)]
    report.restored += written
    operations.finish(undoing.new, changed=report.restored)
    return report


def _undoable(undoing: Undoing) -> list[Any]:
    """Return the `_id`s whose last change by people is the operation; name the others.

    Those that this same undo already put back, before it was interrupted, count as put back.
    """
    every: Sequence[Any] = undoing.record["keys"]
    judge = _judge(undoing.asker)
    keys: list[Any] = []
    reasons: dict[Any, str] = {}
    there: list[Any] = []
    for start in range(0, len(every), AT_ONCE):
        for group in _standing(every[start : start + AT_ONCE], undoing):
            there += group["keys"]
            if group["_id"]["by"] == DONE:
                undoing.report.restored += len(group["keys"])
                continue
            reason = _refusal(group["_id"], judge)
            if reason is None:
                keys += group["keys"]
            elif reason:
                reasons |= dict.fromkeys(group["keys"], reason)
    if len(there) < len(every):
        reasons |= dict.fromkeys(set(every) - set(there), REMOVED_SINCE)
    undoing.report.refused += _named(every, reasons)
    return keys


def _named(keys: Sequence[Any], reasons: dict[Any, str]) -> list[tuple[str, str]]:
    """Return the refused by name, with why, in the order of the operation."""
    if not reasons:
        return []
    found = main_collection(Batch.COLLECTION).find({"_id": {"$in": list(reasons)}}, {"id": 1})
    names = {document["_id"]: document.get("id") for document in found}
    return [(str(names.get(key, key)), reasons[key]) for key in keys if key in reasons]


Judge = Callable[[Return], str | None]


def _judge(asker: Asker) -> Judge:
    """Return what the rules say of a way back."""
    crew, active = set(crew_queries.names()), set(crew_queries.names(active_only=True))
    return lambda way: refusal(way, asker=asker, crew=crew, active=active)


def _standing(keys: Sequence[Any], undoing: Undoing) -> Iterator[Document]:
    """Yield the `_id`s of these batches by how they stand: who changed them last (`by`), and, where
    that was the operation, what the rules look at now and what its event holds of it.

    The server groups them: ten thousand histories stay where they are.
    """
    acts = {"$map": {"input": EVENTS, "as": "event", "in": "$$event.operation"}}
    by = {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$last.operation", undoing.undone]}, "then": HERS},
                {"case": {"$eq": ["$last.operation", undoing.new]}, "then": DONE},
                {"case": {"$in": [undoing.undone, acts]}, "then": SINCE},
            ],
            "default": NEVER,
        }
    }
    return main_collection(Batch.COLLECTION).aggregate(
        [
            {"$match": {"_id": {"$in": list(keys)}}},
            {"$project": {**LOOKED_AT, "history": 1, "last": LAST}},
            {"$project": {**LOOKED_AT, "changes": CHANGES, "by": by}},
            {"$set": {"changes": {"$cond": [{"$eq": ["$by", HERS]}, "$changes", []]}}},
            {
                "$group": {
                    "_id": {"by": "$by", "changes": "$changes", **SITUATION},
                    "keys": {"$push": "$_id"},
                }
            },
        ],
        allowDiskUse=True,
    )


def _refusal(group: Document, judge: Judge) -> str | None:
    """Return why not; "" when the operation never touched it; None when it can be undone."""
    if group["by"] != HERS:
        return CHANGED_SINCE if group["by"] == SINCE else ""
    now = {**group, "metadata": {"review_status": group.get("review")}}
    return judge(Return.of(now, group["changes"]))


def _write(record: Document, keys: Sequence[Any], actor: Actor, operation: str) -> int:
    if not keys:
        return 0
    pipeline = _pipeline(record, actor, operation, datetime.now(UTC))
    condition = {
        "_id": {"$in": list(keys)},
        "$expr": {
            "$eq": [{"$getField": {"field": "operation", "input": LAST}}, record["operation"]]
        },
    }
    return writing.change_many(condition, pipeline)


def _left(keys: Sequence[Any], operation: str) -> list[str]:
    """Return the ids of those that somebody changed before they could be put back."""
    condition = {"_id": {"$in": list(keys)}, "history.operation": {"$ne": operation}}
    found = main_collection(Batch.COLLECTION).find(condition, {"id": 1})
    return [str(document.get("id")) for document in found]


EVENTS: Document = {"$cond": [{"$isArray": ["$history"]}, "$history", []]}
FIELDS_OF_EVENT: Document = {
    "$cond": [{"$isArray": ["$$event.changes"]}, "$$event.changes.field", []]
}
# What belongs to no one's work on the batch: said beside it, or found out about its files.
PASSED_OVER = ["comment_thread", "mask_verdict"]
# The last event that is neither the sync's, nor a comment, nor a verdict on the masks.
LAST: Document = {
    "$last": {
        "$filter": {
            "input": EVENTS,
            "as": "event",
            "cond": {
                "$and": [
                    {"$eq": [{"$type": "$$event"}, "object"]},
                    {"$ne": ["$$event.channel", Channel.SYNC.value]},
                    {"$not": [{"$in": [{"$first": FIELDS_OF_EVENT}, PASSED_OVER]}]},
                ]
            },
        }
    }
}


def _pipeline(record: Document, actor: Actor, operation: str, now: datetime) -> list[Document]:
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
        "who": {"$literal": actor.name},
        "channel": actor.channel.value,
        "operation": operation,
        "undo_of": record["operation"],
        "changes": inverse,
    }
    return [
        {"$set": {"__undone": LAST}},
        {
            "$set": {
                **{path: _old_value(path) for path in record["fields"]},
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


def _undo_deletion(undoing: Undoing) -> UndoReport:
    restored = trash.restore_operation(undoing.undone, actor=undoing.actor, operation=undoing.new)
    operations.mark_undo(undoing.new, of=undoing.undone)
    undoing.report.restored, undoing.report.refused = restored.restored, restored.refused
    return undoing.report


def _undo_restoration(undoing: Undoing) -> UndoReport:
    keys = _undoable(undoing)
    undoing.report.restored = trash.delete(keys, actor=undoing.actor, operation=undoing.new)
    operations.mark_undo(undoing.new, of=undoing.undone)
    return undoing.report
