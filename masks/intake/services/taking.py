"""Taking images from source, one at a time, in the order of their names."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from masks.intake.folders import Entry, seal_of
from masks.intake.rules import Folder, Seal, State, is_settled, order_key
from masks.intake.services.moving import announce, announce_new, carry_out
from masks.intake.services.records import WITHOUT_PICTURES, images
from masks.intake.services.working import Work
from segmentacion.mongo.clients import Document


@dataclass
class Queue:
    """What waits in source, listed once and again when it is used up.

    `unsettled`: files that somebody may still be writing, as they were seen and since when;
    `skipped`: what is not an image to take, and why; `recorded`: images that could not be taken
    before.
    """

    entries: deque[Entry] = field(default_factory=deque)
    unsettled: dict[str, tuple[Seal, float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, Document] = field(default_factory=dict)

    def look(self, work: Work) -> None:
        """List source. Raises FolderError."""
        found = work.folders.entries(Folder.WAITING)
        self.skipped = {entry.name: entry.skipped for entry in found if entry.skipped}
        waiting = list(waiting_of(work))
        later = {image["name"] for image in waiting if _is_paused(image)}
        self.recorded = {i["name"]: i for i in waiting if i["name"] not in later}
        todo = [e for e in found if not e.skipped and e.name not in later]
        self.entries = deque(sorted(todo, key=lambda entry: order_key(entry.name)))
        names = {entry.name for entry in todo}
        self.unsettled = {name: s for name, s in self.unsettled.items() if name in names}

    def next(self) -> Entry | None:
        """Return the next file that is whole, as far as can be seen."""
        while self.entries:
            entry = self.entries.popleft()
            seal = seal_of(entry.path)
            if seal is None:
                continue
            if self._is_settled(entry.name, seal):
                self.unsettled.pop(entry.name, None)
                return Entry(entry.path, entry.name, seal, "")
        return None

    def _is_settled(self, name: str, seal: Seal) -> bool:
        seen, since = self.unsettled.get(name, (None, 0.0))
        if seen != seal:
            since = time.monotonic()
            self.unsettled[name] = (seal, since)
        return is_settled(
            age=time.time() - seal.mtime_ns / 1e9,
            unchanged=time.monotonic() - since,
            settle=settings.INTAKE_SETTLE_SECONDS,
        )


def take_next(work: Work, queue: Queue) -> Document | None:
    """Move the next image of source into images_sources; None when none is left.

    Raises ImageError when this one could not be taken, FolderError.
    """
    if not queue.entries:
        queue.look(work)
    entry = queue.next()
    if entry is None:
        return None
    if known := queue.recorded.get(entry.name):
        return carry_out(work, announce(work, known, State.TAKING), attempts=0, **_taken())
    return carry_out(work, announce_new(work, entry.name, entry.seal), **_taken())


def waiting_of(work: Work) -> Iterator[Document]:
    """Yield the images of source that are recorded: they could not be taken, or need a person."""
    states = [State.WAITING.value, State.FAILED.value]
    condition = {"folder": work.identity, "state": {"$in": states}, "where": Folder.WAITING.value}
    yield from images().find(condition, WITHOUT_PICTURES)


def _taken() -> Document:
    return {"taken_at": datetime.now(UTC)}


def _is_paused(image: Document) -> bool:
    """Tell whether an image is not to be tried now: after a pause, or by a person."""
    now = datetime.now(UTC)
    return image["state"] == State.FAILED or (image.get("next_attempt_at") or now) > now
