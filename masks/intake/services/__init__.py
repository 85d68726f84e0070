"""Everything the intake does, a module per topic (docs/decisions/0027)."""

from masks.intake.services.deciding import Retried, force_archive, retry
from masks.intake.services.errors import (
    TROUBLES,
    BusyError,
    ImageError,
    IntakeError,
    NothingError,
    NotReadyError,
    UploadFailedError,
)
from masks.intake.services.recovering import Recovered
from masks.intake.services.running import Progress, RunReport, run
from masks.intake.services.steps import Uploaded, process_next, recover, upload_current
from masks.intake.services.watching import watch

__all__ = [
    "TROUBLES",
    "BusyError",
    "ImageError",
    "IntakeError",
    "NotReadyError",
    "NothingError",
    "Progress",
    "Recovered",
    "Retried",
    "RunReport",
    "UploadFailedError",
    "Uploaded",
    "force_archive",
    "process_next",
    "recover",
    "retry",
    "run",
    "upload_current",
    "watch",
]
