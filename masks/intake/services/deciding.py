"""What only people decide: trying again what was given up, archiving without a confirmation."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from masks.intake.folders import seal_of
from masks.intake.rules import Folder, State
from masks.intake.services.errors import NothingError
from masks.intake.services.moving import announce, carry_out
from masks.intake.services.records import WITHOUT_PICTURES, images, write_state
from masks.intake.services.recovering import recover_all
from masks.intake.services.steps import current
from masks.intake.services.working import Work, working
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document

logger = logging.getLogger("segmentacion.intake")

GIVEN_UP = (State.FAILED, State.MISSING)
PAUSED = (State.WAITING, State.TAKEN, State.WAITING_UPLOAD)
FORCEABLE = (State.TAKEN, State.WAITING_UPLOAD, State.FAILED)


@dataclass
class Retried:
    """Names of the images that will be tried again, and of those whose file is gone."""

    again: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def retry(names: Iterable[str] | None = None, *, actor: Actor) -> Retried:
    """Have images tried again now, with all their attempts: these, or all that need it.

    Raises NothingError when none of these needs it, BusyError, FolderError, PyMongoError.
    """
    with working(actor) as work:
        recover_all(work)
        states = [state.value for state in (*GIVEN_UP, *PAUSED)]
        condition: Document = {"folder": work.identity, "state": {"$in": states}}
        if names is not None:
            condition["name"] = {"$in": list(names)}
        report = Retried()
        for image in list(images().find(condition, WITHOUT_PICTURES).sort("position", 1)):
            _again(work, image, report)
        if not (report.again or report.missing):
            raise NothingError("No hay imágenes que reintentar.")
        return report


def force_archive(name: str | None = None, *, actor: Actor, reason: str = "") -> Document:
    """Move an image of images_sources to images_old although nobody knows that it is uploaded:
    the current one, or the one of this name. Recorded with who and why; return it.

    Raises NothingError when there is none, BusyError, ImageError, FolderError, PyMongoError.
    """
    with working(actor) as work:
        recover_all(work)
        image = _to_force(work, name)
        if image is None:
            raise NothingError("No hay ninguna imagen en images_sources.")
        now = datetime.now(UTC)
        forced = {"who": actor.name, "channel": actor.channel.value, "at": now, "reason": reason}
        logger.warning("intake: %r archived by force, by %s", image["name"], actor.name)
        image = announce(work, image, State.FORCING, forced=forced)
        return carry_out(work, image, archived_at=now)


def _to_force(work: Work, name: str | None) -> Document | None:
    states = [state.value for state in FORCEABLE]
    condition = {"folder": work.identity, "live": True, "state": {"$in": states}}
    if name is not None:
        return images().find_one({**condition, "name": name}, WITHOUT_PICTURES)
    image = current(work)
    if image is not None and image["state"] in states:
        return image
    return images().find_one(condition, WITHOUT_PICTURES, sort=[("position", 1)])


def _again(work: Work, image: Document, report: Retried) -> None:
    state = State(image["state"])
    if state in PAUSED:
        if image.get("next_attempt_at") is None:
            return
        images().update_one(
            {"_id": image["_id"], "state": state.value},
            {"$set": {"next_attempt_at": None, "attempts": 0, "updated_at": datetime.now(UTC)}},
        )
    elif state is State.MISSING:
        # `recover_all` takes back what is in images_sources again.
        if seal_of(work.folders.path(Folder.WAITING, image["file"])) is None:
            report.missing.append(image["name"])
            return
        write_state(work, image, State.WAITING, error=None, attempts=0)
    else:
        write_state(work, image, _back(image), error=None, attempts=0, next_attempt_at=None)
    report.again.append(image["name"])


def _back(image: Document) -> State:
    """Return where an image that was given up goes on."""
    if image["where"] == Folder.WAITING:
        return State.WAITING
    return State.WAITING_UPLOAD if image.get("sha256") else State.TAKEN
