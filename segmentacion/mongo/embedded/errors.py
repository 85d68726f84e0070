"""What can go wrong with the embedded server: Spanish words for the person, a cause for the log."""

from __future__ import annotations

from pathlib import Path


class EmbeddedError(Exception):
    """Base of all errors of the embedded server.

    ``str(error)`` is the message for the person; ``detail`` is the technical cause
    (log lines, the system's own words), empty when there is nothing to add.
    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class EmbeddedUnavailable(EmbeddedError):
    """No mongod that this machine can run: none found, not executable, or a library is missing."""


class EmbeddedFolderError(EmbeddedError):
    """The folder of the embedded server cannot be created, read or written."""

    @classmethod
    def from_os_error(cls, folder: Path, error: OSError) -> EmbeddedFolderError:
        reason = error.strerror or str(error)
        return cls(
            f"No se puede escribir en la carpeta de MongoDB «{folder}» ({reason}). Revisa que "
            "exista espacio, que sea una carpeta y que tu usuario tenga permiso de escritura.",
            detail=repr(error),
        )


class EmbeddedStartError(EmbeddedError):
    """mongod exited while starting, or was not writable in time."""


class EmbeddedStopError(EmbeddedError):
    """mongod is still alive after SIGKILL (for instance, stuck on a dead disk)."""


class EmbeddedBusy(EmbeddedError):
    """Another process has held the start lock for too long."""


class EmbeddedInUse(EmbeddedError):
    """The server was asked to stop while other processes use it.

    ``pids`` lists those that could be seen; it may be empty (other account or container).
    """

    def __init__(self, pids: tuple[int, ...]) -> None:
        named = f" ({', '.join(map(str, pids))})" if pids else ""
        super().__init__(
            f"Otros procesos{named} están usando el MongoDB embebido. "
            "Ciérralos primero o pide detenerlo a la fuerza."
        )
        self.pids = pids
