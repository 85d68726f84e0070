"""One image at a time, as a person asks for it: process the current one, upload it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from masks.intake.folders import FolderError
from masks.intake.rules import IN_WORK, Folder, State
from masks.intake.services.errors import ImageError, NothingError, NotReadyError
from masks.intake.services.moving import carry_out
from masks.intake.services.notifying import telling
from masks.intake.services.processing import process_image
from masks.intake.services.records import WITHOUT_PICTURES, images
from masks.intake.services.recovering import Recovered, recover_all
from masks.intake.services.taking import Queue, take_next
from masks.intake.services.uploading import upload_image
from masks.intake.services.working import Work, the_folders, working
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document

NOTHING = "No hay imágenes en espera."
STILL_COPIED = "No hay imágenes listas: lo que hay en source todavía se está copiando."
NOT_PROCESSED = "La imagen actual no se ha procesado: procésala primero."


@dataclass(frozen=True)
class Uploaded:
    """An image that was archived, and the one that was taken after it."""

    image: Document
    next_image: str | None


def recover(*, actor: Actor) -> Recovered:
    """Put right what a crash left; where there are no folders, none are made.

    Raises BusyError, FolderError, PyMongoError.
    """
    if not the_folders().of(Folder.WORK).is_dir():
        return Recovered()
    with working(actor) as work:
        return recover_all(work)


def process_next(*, actor: Actor) -> Document:
    """Process the current image, or take the next one and process it; return it.

    One that waits for its upload already is returned as it is. Raises NothingError, ImageError,
    BusyError, FolderError, PyMongoError.
    """
    with telling(), working(actor) as work:
        recover_all(work)
        image = current(work) or _take(work)
        return process_image(work, image) if image["state"] == State.TAKEN else image


def upload_current(*, actor: Actor) -> Uploaded:
    """Upload the current image, confirm and archive it, and take the next one.

    Raises NothingError, NotReadyError (it is not processed), UploadFailedError and ImageError (it
    is kept), BusyError, FolderError, PyMongoError.
    """
    with telling(), working(actor) as work:
        recover_all(work)
        image = current(work)
        if image is None:
            raise NothingError("No hay ninguna imagen en proceso.")
        if image["state"] == State.TAKEN:
            raise NotReadyError(NOT_PROCESSED)
        return Uploaded(finish(work, image), _prepare(work))


def finish(work: Work, image: Document) -> Document:
    """Bring an image that was processed to its end: uploaded, or moved as was announced."""
    if image["state"] == State.WAITING_UPLOAD:
        return upload_image(work, image)
    return carry_out(work, image, archived_at=datetime.now(UTC))


def current(work: Work) -> Document | None:
    """Return the first image of images_sources that can go on; those that wait for another
    attempt come last."""
    ready, paused = in_work(work, due=True), in_work(work, due=False)
    return next(iter([*ready, *paused]), None)


def in_work(work: Work, *, due: bool) -> list[Document]:
    """Return the images of images_sources that can go on now, or those that wait for another
    attempt, in the order they were taken."""
    states = [state.value for state in IN_WORK]
    condition = {"folder": work.identity, "state": {"$in": states}}
    found = images().find(condition, WITHOUT_PICTURES).sort("position", 1)
    now = datetime.now(UTC)
    return [image for image in found if ((image.get("next_attempt_at") or now) <= now) is due]


def _take(work: Work) -> Document:
    queue = Queue()
    image = take_next(work, queue)
    if image is None:
        raise NothingError(STILL_COPIED if queue.unsettled else NOTHING)
    return image


def _prepare(work: Work) -> str | None:
    """Take the next image, if there is one; that it cannot be taken shows at the next step."""
    following = current(work)
    if following is None:
        try:
            following = take_next(work, Queue())
        except (ImageError, FolderError):
            return None
    return str(following["name"]) if following else None
