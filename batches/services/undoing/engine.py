"""The way of an undo: what it is about, what can go back, the record, the writing."""

from typing import Any

from batches.rules.activity import UNDOABLE
from batches.rules.changes import Asker
from batches.services import operations, trash
from batches.services.operations import Kind
from batches.services.undoing.inverse import left, write_back
from batches.services.undoing.moving import put_back, take_away
from batches.services.undoing.report import (
    CHANGED_SINCE,
    NotUndoableError,
    Undoing,
    UndoReport,
    UnknownOperationError,
)
from batches.services.undoing.standing import WaysBack, named, ways_back
from segmentacion.actors import Actor, new_operation

# What to do about what undo does not do.
INSTEAD = {
    "empty": "Vaciar la papelera no se puede deshacer. Si hace falta, restaura un respaldo.",
    "person": "Un cambio en el equipo se deshace en el equipo: vuelve a poner el nombre anterior, "
    "o agrega de nuevo a la persona y pásale sus batches.",
    "sync": "Lo que marcó la sincronización sigue al almacén: vuelve a sincronizar.",
}
NO_WAY_BACK = "Eso no se puede deshacer."


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
    """Put back what was removed, then what was changed, and take away what came: interrupted, it
    leaves too much rather than too little."""
    record, report = undoing.record, undoing.report
    removed = trash.lying(undoing.undone)
    ways = ways_back(undoing, _about(undoing, but=set(removed.values())))
    operations.begin(
        undoing.new,
        kind=Kind.UNDO,
        actor=undoing.actor,
        keys=[*ways.keys, *removed.values()],
        fields=record["fields"],
        undo_of=undoing.undone,
    )
    put_back(undoing, removed)
    _write_back(undoing, ways)
    take_away(undoing, ways.came)
    operations.finish(undoing.new, changed=report.restored)
    return report


def _about(undoing: Undoing, *, but: set[Any]) -> list[Any]:
    """Return the `_id`s the operation, and this undo before it was interrupted, are about."""
    begun = operations.find(undoing.new)
    every = [*undoing.record["keys"], *(begun["keys"] if begun else [])]
    return [key for key in dict.fromkeys(every) if key not in but]


def _write_back(undoing: Undoing, ways: WaysBack) -> None:
    for fields, keys in ways.changed.items():
        written = write_back(keys, fields, undoing)
        undoing.report.restored += written
        if written < len(keys):
            late = dict.fromkeys(left(keys, undoing.new), CHANGED_SINCE)
            undoing.report.refused += named(keys, late)


def _undo_deletion(undoing: Undoing) -> UndoReport:
    restored = trash.restore_operation(undoing.undone, actor=undoing.actor, operation=undoing.new)
    operations.mark_undo(undoing.new, of=undoing.undone)
    undoing.report.restored, undoing.report.refused = restored.restored, restored.refused
    return undoing.report


def _undo_restoration(undoing: Undoing) -> UndoReport:
    keys: list[Any] = ways_back(undoing, undoing.record["keys"]).came
    undoing.report.restored += trash.delete(keys, actor=undoing.actor, operation=undoing.new)
    operations.mark_undo(undoing.new, of=undoing.undone)
    return undoing.report
