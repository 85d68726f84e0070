"""What an undo is about, what it says of itself, and why it refuses."""

from dataclasses import dataclass, field

from batches.rules.changes import Asker
from batches.rules.states import BatchError
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document

CHANGED_SINCE = "cambió después de esta operación"
REMOVED_SINCE = "ya no está (revisa la papelera)"
NOT_YOURS = "tu cuenta no puede hacer este cambio"
COMMENTED_SINCE = "tiene comentarios de después de esta operación"


class UnknownOperationError(BatchError):
    def __init__(self, operation: str) -> None:
        super().__init__(f"No hay una operación «{operation}» que se pueda deshacer.")


class NotUndoableError(BatchError):
    """The operation has no way back, or another one: the message says which."""


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
