"""What is written of an image: every step is one update, refused if it is not where it was."""

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from django.conf import settings
from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.write_concern import WriteConcern

from masks.intake.rules import WHERE, Folder, State, may_follow, pause
from masks.intake.services.errors import ImageError
from masks.intake.services.working import Work
from masks.models import IntakeImage
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.mongo.leases import LeaseLost

KEPT_STEPS = 60
UNAWAITED = WriteConcern(w=1, j=False)
WITHOUT_PICTURES = {"preview": 0, "mask": 0}
WITHOUT_PICTURES_AND_STEPS = {**WITHOUT_PICTURES, "history": 0}


# Written without waiting for the journal: should the server lose them, the folders say as much
# (docs/decisions/0027). What the folders do not say waits for the majority and the journal.
REPAIRABLE = {
    State.TAKING,
    State.TAKEN,
    State.PROCESSING,
    State.WAITING_UPLOAD,
    State.UPLOADING,
    State.ARCHIVED,
}


def images() -> Collection[Document]:
    return main_collection(IntakeImage.COLLECTION)


def _images_for(state: State) -> Collection[Document]:
    return images().with_options(write_concern=UNAWAITED if state in REPAIRABLE else None)


def new_image(work: Work, *, name: str, file: str, state: State, **values: Any) -> Document:
    """Record an image for the first time. Raises LeaseLost, PyMongoError."""
    work.lease.check()
    now = datetime.now(UTC)
    image: Document = {
        "_id": ObjectId(),
        "folder": work.identity,
        "name": name,
        "file": file,
        "position": None,
        "attempts": 0,
        "seen_at": now,
        "history": [],
        **_state_values(state, now),
        **values,
    }
    image["history"].append(_step(work, None, state, now))
    _images_for(state).insert_one(image)
    return image


def write_state(work: Work, image: Document, state: State, **values: Any) -> Document:
    """Write that an image is in another state; return it as it is then, without its pictures.

    Raises LeaseLost when another process may be working here, PyMongoError.
    """
    before = State(image["state"])
    if not may_follow(before, state):
        raise ValueError(f"{before} → {state}")
    work.lease.check()
    now = datetime.now(UTC)
    step = {"$each": [_step(work, before, state, now)], "$slice": -KEPT_STEPS}
    found = _images_for(state).find_one_and_update(
        {"_id": image["_id"], "state": before.value, **work.lease.guard()},
        {"$set": {**_state_values(state, now), **values}, "$push": {"history": step}},
        projection=WITHOUT_PICTURES_AND_STEPS,
        return_document=ReturnDocument.AFTER,
    )
    if found is None:
        raise LeaseLost(work.lease.name)
    return found


def write_failure(
    work: Work,
    image: Document,
    back_to: State,
    message: str,
    *,
    final: bool = False,
    endless: bool = False,
) -> ImageError:
    """Write that a step failed and return the error to raise: tried again after a pause, or, with
    `final` and after the last attempt (unless `endless`), left to a person."""
    attempts = int(image.get("attempts") or 0)
    now = datetime.now(UTC)
    given_up = final or (attempts >= settings.INTAKE_ATTEMPTS and not endless)
    state = State.FAILED if given_up else back_to
    wait = pause(attempts, settings.INTAKE_RETRY_SECONDS)
    written = write_state(
        work,
        image,
        state,
        where=image["where"],
        live=image["where"] == Folder.WORK,
        attempts=attempts,
        moving=image.get("moving") if endless else None,
        error={"message": message, "at": now, "final": given_up},
        next_attempt_at=None if given_up else now + wait,
        told=not given_up,
    )
    return ImageError(str(written["name"]), message, str(written["state"]))


def next_position(work: Work) -> int:
    """Return how many images were taken in these folders before the next one; asked once, then
    counted: nobody else takes any while we work."""
    if work.position is None:
        known = {"folder": work.identity}
        last = images().find_one(known, {"position": 1}, sort=[("position", -1)])
        found = last.get("position") if last else None
        work.position = 0 if found is None else int(found) + 1
    work.position += 1
    return work.position - 1


def _state_values(state: State, now: datetime) -> Document:
    values: Document = {"state": state.value, "updated_at": now}
    if state in WHERE:
        where = WHERE[state]
        values |= {"where": where.value if where else None, "live": where is Folder.WORK}
    return values


def _step(work: Work, before: State | None, state: State, now: datetime) -> Document:
    return {
        "at": now,
        "who": work.actor.name,
        "channel": work.actor.channel.value,
        "from": before.value if before else None,
        "to": state.value,
    }
