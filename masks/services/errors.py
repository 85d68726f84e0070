"""How a sync can fail; each with the words for the person."""

from django.conf import settings
from pymongo.errors import PyMongoError

from masks.services.runs import SyncReport
from segmentacion.mongo.errors import UNREACHABLE, is_permission_error


class SyncError(Exception):
    """The sync changed nothing (or stopped); the message says why, for the person."""

    outcome = "failed"


class StoreUnavailableError(SyncError):
    """The mask store did not answer, or stopped answering in the middle."""


class StorePermissionError(SyncError):
    """The mask store answered that this user may not read it."""


class SyncInterruptedError(SyncError):
    """The run lost its lease, or the main database went away while writing."""


class SyncRefusedError(SyncError):
    """The brakes stopped it: an empty store, or too many marks to clear."""

    outcome = "refused"

    def __init__(self, message: str, report: SyncReport) -> None:
        super().__init__(message)
        self.report = report


class SyncBusyError(SyncError):
    """Another run is under way; `run_id` is its id."""

    outcome = "busy"

    def __init__(self, run_id: str) -> None:
        super().__init__("Ya hay una sincronización en curso.")
        self.run_id = run_id


def store_error(error: PyMongoError) -> SyncError:
    """Return what to say of an error of the store: until then nothing was changed."""
    place = f"{settings.TRAINING_DB} ({settings.MASKS_BUCKET})"
    if is_permission_error(error):
        return StorePermissionError(
            f"La cuenta no puede leer el almacén de máscaras {place}: no se cambió nada."
        )
    if isinstance(error, UNREACHABLE):
        return StoreUnavailableError(
            f"El almacén de máscaras {place} no responde: no se cambió nada."
        )
    return StoreUnavailableError(
        f"La lectura del almacén de máscaras {place} se interrumpió: no se cambió nada."
    )
