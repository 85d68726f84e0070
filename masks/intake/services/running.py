"""Working through everything that waits: one image after the other, each to its end."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from django.conf import settings

from masks.intake.rules import State, pause
from masks.intake.services.errors import TROUBLES, ImageError
from masks.intake.services.notifying import tell_people
from masks.intake.services.processing import process_image
from masks.intake.services.recovering import Recovered, recover_all
from masks.intake.services.steps import finish, in_work
from masks.intake.services.taking import Queue, take_next
from masks.intake.services.working import Work, working
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document

LOOK_SECONDS = 5.0
LOOKS = 2  # again at files that are still being written, before the run leaves them


@dataclass
class RunReport:
    """What a run did. `retrying`: tried again later, by the next run; `unsettled`: files that
    somebody may still be writing; `skipped`: what is no image, and why."""

    archived: int = 0
    duplicates: int = 0
    bytes: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    retrying: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)
    recovered: Recovered = field(default_factory=Recovered)


@dataclass(frozen=True)
class Progress:
    """An image came to an end, or to a pause; `total` is how many are known of."""

    done: int
    total: int
    name: str
    state: str


def run(
    *, actor: Actor, report: RunReport, sleep: Callable[[float], object] = time.sleep
) -> Iterator[Progress]:
    """Work through the queue. Trouble of database or disk is waited out, with growing pauses,
    and raised after INTAKE_ATTEMPTS of them (people are told). Raises BusyError at once.
    """
    queue, troubles, looks = Queue(), 0, 0
    while True:
        try:
            for progress in run_once(queue, actor=actor, report=report):
                troubles = 0
                yield progress
        except TROUBLES as error:
            troubles += 1
            if troubles >= settings.INTAKE_ATTEMPTS:
                tell_people(trouble=str(error))
                raise
            sleep(pause(troubles, settings.INTAKE_RETRY_SECONDS).total_seconds())
            continue
        looks += 1
        if not report.unsettled or looks > LOOKS:
            break
        sleep(settings.INTAKE_SETTLE_SECONDS)
    tell_people()


def run_once(queue: Queue, *, actor: Actor, report: RunReport) -> Generator[Progress, None, None]:
    """Work through what waits now. Raises BusyError and what TROUBLES names."""
    with working(actor) as work:
        report.recovered = recover_all(work)
        queue.look(work)
        backlog = Backlog(work)
        done, total = 0, len(queue.entries) + len(backlog.images)
        while True:
            try:
                image = _advance(work, queue, backlog)
            except ImageError as error:
                _note(report, error)
                name, state = error.name, error.state
            else:
                if image is None:
                    break
                _count(report, image)
                name, state = image["name"], image["state"]
            done += 1
            total = max(total, done + len(queue.entries))
            yield Progress(done, total, name, state)
    report.skipped = queue.skipped
    report.unsettled = sorted(queue.unsettled)


class Backlog:
    """Images of images_sources that are to go on now, looked up again every few seconds."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.images: deque[Document] = deque()
        self.look()

    def look(self) -> None:
        self.images.extend(in_work(self.work, due=True))
        self.looked = time.monotonic()

    def next(self) -> Document | None:
        if not self.images and time.monotonic() - self.looked > LOOK_SECONDS:
            self.look()
        return self.images.popleft() if self.images else None


def _advance(work: Work, queue: Queue, backlog: Backlog) -> Document | None:
    """Bring the next image to its end; None when none is left to be tried now."""
    image = backlog.next() or take_next(work, queue)
    if image is None:
        backlog.look()
        image = backlog.next()
    if image is None:
        return None
    if image["state"] == State.TAKEN:
        image = process_image(work, image)
    return finish(work, image)


def _note(report: RunReport, error: ImageError) -> None:
    report.retrying.pop(error.name, None)
    given_up = error.state in {State.FAILED, State.MISSING}
    (report.failed if given_up else report.retrying)[error.name] = str(error)


def _count(report: RunReport, image: Document) -> None:
    report.retrying.pop(image["name"], None)
    report.archived += 1
    report.duplicates += image.get("duplicate_of") is not None
    report.bytes += int(image.get("length") or 0)
