"""How work of the intake can fail; each with the words for the person."""

from pymongo.errors import PyMongoError

from masks.intake.folders import FolderError
from segmentacion.mongo.embedded import EmbeddedError
from segmentacion.mongo.leases import LeaseLost


class IntakeError(Exception):
    """The message is for the person asking."""


class NothingError(IntakeError):
    """There is no image for what was asked."""


class BusyError(IntakeError):
    """Another process works in these folders; `holder` says which."""

    def __init__(self, holder: str = "") -> None:
        who = f" ({holder})" if holder else ""
        super().__init__(
            f"Otro proceso está trabajando en estas carpetas{who}. Espera a que acabe."
        )
        self.holder = holder


class NotReadyError(IntakeError):
    """The image is not as far as what was asked needs it."""


class ImageError(IntakeError):
    """This image could not go on; the others can. `state` is what it is now."""

    def __init__(self, name: str, message: str, state: str) -> None:
        super().__init__(message)
        self.name = name
        self.state = state


class UploadFailedError(IntakeError):
    """The store did not take the image, or did not give it back equal; the image is kept."""


# What is no image's fault, and passes: the work is tried again after a pause.
TROUBLES = (PyMongoError, EmbeddedError, FolderError, UploadFailedError, LeaseLost)
