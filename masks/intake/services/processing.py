"""Processing an image that is in images_sources, in a child process (masks/intake/processing)."""

from datetime import UTC, datetime

from bson import Binary
from django.conf import settings

from masks.intake.folders import seal_of
from masks.intake.processing import ProcessingError, ProcessingResult, process
from masks.intake.rules import Folder, State
from masks.intake.services.moving import lost
from masks.intake.services.records import write_failure, write_state
from masks.intake.services.working import Work
from segmentacion.mongo.clients import Document

CHANGED = "El archivo cambió mientras se procesaba: alguien lo está escribiendo."


def process_image(work: Work, image: Document) -> Document:
    """Process an image; return it waiting for its upload. Raises ImageError.

    The attempt is counted before it begins, so that an image which takes the whole process down
    runs out of attempts, too.
    """
    path = work.folders.path(Folder.WORK, image["file"])
    before = seal_of(path)
    if before is None:
        raise lost(work, image)
    attempts = int(image.get("attempts") or 0) + 1
    image = write_state(work, image, State.PROCESSING, attempts=attempts, next_attempt_at=None)
    try:
        result = process(
            path,
            seconds=settings.INTAKE_PROCESS_SECONDS,
            memory_mb=settings.INTAKE_PROCESS_MEMORY_MB,
            position=image.get("position"),
            codes=work.folders.codes(),
        )
    except ProcessingError as error:
        raise write_failure(work, image, State.TAKEN, str(error), final=error.poisonous) from error
    if seal_of(path) != before:
        raise write_failure(work, image, State.TAKEN, CHANGED)
    return write_state(
        work, image, State.WAITING_UPLOAD, length=before.size, attempts=0, **_found(result)
    )


def _found(result: ProcessingResult) -> Document:
    return {
        "sha256": result.sha256,
        "width": result.width,
        "height": result.height,
        "format": result.format,
        "code": result.code,
        "extra": result.extra,
        "preview": Binary(result.preview) if result.preview else None,
        "mask": Binary(result.mask) if result.mask else None,
        "processed_at": datetime.now(UTC),
        "error": None,
    }
