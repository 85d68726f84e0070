"""Undoing an operation, and redoing it by undoing the undo.

A batch is put back only if the operation is the last thing that people did to it (the sync's own
marks do not count); those that changed since are refused and named. The old values come from the
event itself, on the server, and the undo is an event like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from batches.models import Batch
from batches.rules.activity import UNDOABLE
from batches.rules.states import BatchError
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


@dataclass
class UndoReport:
    """What an undo put back. `refused` are (id, reason); `operation` undoes the undo."""

    operation: str
    restored: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def undo(operation: str, *, actor: Actor, new: str | None = None) -> UndoReport:
    """Put back what an operation changed. Raises UnknownOperationError.

    `new` is the undo's own operation id; repeating it changes nothing more.
    """
    record = operations.find(operation)
    if record is None or record["kind"] not in UNDOABLE:
        raise UnknownOperationError(operation)
    report = UndoReport(new or new_operation())
    if record["kind"] == Kind.DELETE:
        return _undo_deletion(record, report, actor)
    if record["kind"] == Kind.RESTORE:
        return _undo_restoration(record, report, actor)
    keys = _undoable(record, report)
    operations.begin(
        report.operation,
        kind=Kind.UNDO,
        actor=actor,
        keys=keys,
        fields=record["fields"],
        undo_of=operation,
    )
    written = _write(record, keys, actor, report.operation)
    if written < len(keys):
        report.refused += [(name, CHANGED_SINCE) for name in _left(keys, report.operation)]
    report.restored += written
    operations.finish(report.operation, changed=report.restored)
    return report


def _undoable(record: Document, report: UndoReport) -> list[Any]:
    """Return the `_id`s whose last change by people is the operation; name the others.

    Those that this same undo already put back, before it was interrupted, count as put back.
    """
    found: dict[Any, Document] = {
        document["_id"]: document
        for document in main_collection(Batch.COLLECTION).find(
            {"_id": {"$in": record["keys"]}}, _standing(record["operation"])
        )
    }
    crew = set(crew_queries.names()) | {None}
    keys = []
    for key in record["keys"]:
        document = found.get(key)
        if document and _last(document).get("operation") == report.operation:
            report.restored += 1
            continue
        reason = REMOVED_SINCE if document is None else _refusal(document, record, crew)
        if reason is None:
            keys.append(key)
        elif reason:
            report.refused.append((str(document["id"] if document else key), reason))
    return keys


def _standing(operation: str) -> Document:
    """Return the projection of a batch's last change by people, and whether `operation` ever
    touched it."""
    acts = {"$map": {"input": EVENTS, "as": "event", "in": "$$event.operation"}}
    return {"id": 1, "last": LAST, "touched": {"$in": [operation, acts]}}


def _last(document: Document) -> Document:
    last: Document = document.get("last") or {}
    return last


def _refusal(document: Document, record: Document, crew: set[str | None]) -> str | None:
    """Return why not; "" when the operation never touched it; None when it can be undone."""
    last = _last(document)
    if last.get("operation") != record["operation"]:
        return CHANGED_SINCE if document["touched"] else ""
    for change in last["changes"]:
        if change["field"] == "assignee" and (change["old"] or None) not in crew:
            return f"«{change['old']}» ya no está en el equipo"
    return None


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
# The last event that is neither the sync's nor a comment.
LAST: Document = {
    "$last": {
        "$filter": {
            "input": EVENTS,
            "as": "event",
            "cond": {
                "$and": [
                    {"$eq": [{"$type": "$$event"}, "object"]},
                    {"$ne": ["$$event.channel", Channel.SYNC.value]},
                    {"$ne": [{"$first": FIELDS_OF_EVENT}, "comment_thread"]},
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


def _undo_deletion(record: Document, report: UndoReport, actor: Actor) -> UndoReport:
    restored = trash.restore_operation(record["operation"], actor=actor, operation=report.operation)
    operations.mark_undo(report.operation, of=record["operation"])
    report.restored, report.refused = restored.restored, restored.refused
    return report


def _undo_restoration(record: Document, report: UndoReport, actor: Actor) -> UndoReport:
    keys = _undoable(record, report)
    report.restored = trash.delete(keys, actor=actor, operation=report.operation)
    operations.mark_undo(report.operation, of=record["operation"])
    return report
