"""Undoing an operation, and redoing it by undoing the undo.

A batch is put back only if the operation is the last thing that people did to it (the sync's own
marks and verdicts on masks do not count); those that changed since are refused and named. The old
values come from the event itself, on the server, and the undo is an event like any other. What an
operation created goes to the trash, and what it moved there comes back.
"""

from batches.services.undoing.engine import undo
from batches.services.undoing.report import NotUndoableError, UndoReport, UnknownOperationError

__all__ = ["NotUndoableError", "UndoReport", "UnknownOperationError", "undo"]
