"""Putting right what a crash, or a person, left: run before any work in the folders.

Afterwards each image is in one folder and its state says which. It does little when there is
nothing to do, and can be cut off and run again.
"""

from dataclasses import dataclass, field

from django.conf import settings
from pymongo.errors import DuplicateKeyError

from masks.intake.folders import Entry
from masks.intake.rules import INTERRUPTED, MOVES, Folder, State
from masks.intake.services.errors import ImageError
from masks.intake.services.moving import carry_out, lost
from masks.intake.services.records import (
    WITHOUT_PICTURES,
    images,
    new_image,
    next_position,
    write_failure,
    write_state,
)
from masks.intake.services.taking import waiting_of
from masks.intake.services.working import Work
from segmentacion.mongo.clients import Document

STOPPED = "El programa se detuvo mientras trabajaba con esta imagen, una y otra vez."


@dataclass
class Recovered:
    """What was put right, by the names of the images."""

    moves: list[str] = field(default_factory=list)
    interrupted: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    parts: int = 0

    @property
    def anything(self) -> bool:
        return bool(
            self.moves or self.interrupted or self.adopted or self.lost or self.found or self.parts
        )


def recover_all(work: Work) -> Recovered:
    """Put everything right. Raises FolderError, PyMongoError: the next start goes on."""
    report = Recovered(parts=work.folders.sweep())
    for image in _of(work, MOVES):
        _finish_move(work, image, report)
    for image in _of(work, INTERRUPTED):
        _take_back(work, image, report)
    entries = {entry.name: entry for entry in work.folders.entries(Folder.WORK)}
    _compare(work, entries, report)
    _adopt(work, entries, report)
    _forget_withdrawn(work)
    return report


def _of(work: Work, states: object) -> list[Document]:
    names = [State(state).value for state in states]  # type: ignore[attr-defined]
    condition = {"folder": work.identity, "state": {"$in": names}}
    return list(images().find(condition, WITHOUT_PICTURES).sort("position", 1))


def _finish_move(work: Work, image: Document, report: Recovered) -> None:
    try:
        carry_out(work, image)
        report.moves.append(image["name"])
    except ImageError as error:
        (report.lost if error.state == State.MISSING else report.interrupted).append(error.name)


def _take_back(work: Work, image: Document, report: Recovered) -> None:
    """Have a step that was cut off made again. Of processing the attempt counts: it may be what
    took the process down."""
    state, attempts = State(image["state"]), int(image.get("attempts") or 0)
    report.interrupted.append(image["name"])
    if state is State.UPLOADING:
        write_state(work, image, INTERRUPTED[state], attempts=max(0, attempts - 1))
    elif attempts >= settings.INTAKE_ATTEMPTS:
        write_failure(work, image, INTERRUPTED[state], STOPPED, final=True)
    else:
        write_state(work, image, INTERRUPTED[state])


def _compare(work: Work, entries: dict[str, Entry], report: Recovered) -> None:
    """Notice files that somebody took out of images_sources, or put back."""
    settled = (State.TAKEN, State.WAITING_UPLOAD, State.FAILED, State.MISSING)
    for image in _of(work, settled):
        entry = entries.get(image["file"])
        here = entry is not None and not entry.skipped
        if here and image["state"] == State.MISSING:
            write_state(work, image, State.TAKEN, attempts=0, error=None)
            report.found.append(image["name"])
        elif not here and image.get("live"):
            report.lost.append(lost(work, image).name)


def _adopt(work: Work, entries: dict[str, Entry], report: Recovered) -> None:
    """Take in files of images_sources that nobody recorded: put there by hand, or the database
    is an older one."""
    known = {i["file"] for i in images().find({"folder": work.identity, "live": True}, {"file": 1})}
    for name, entry in sorted(entries.items()):
        if entry.skipped or name in known:
            if entry.skipped and not name.startswith("."):
                report.skipped[name] = entry.skipped
            continue
        try:
            position = next_position(work)
            new_image(work, name=name, file=name, state=State.TAKEN, position=position)
        except DuplicateKeyError:
            continue
        report.adopted.append(name)


def _forget_withdrawn(work: Work) -> None:
    """Remove the records of images that never left source and are not there any more."""
    recorded = list(waiting_of(work))
    if not recorded:
        return
    here = {entry.name for entry in work.folders.entries(Folder.WAITING)}
    for image in recorded:
        if image["file"] not in here:
            images().delete_one({"_id": image["_id"], "state": image["state"]})
