"""The intake in plain Python: states of an image, which follows which, names, order, pauses.

An image is in exactly one of three folders, and `WHERE` says in which for every state. A state
that announces a move (`MOVES`) is written before the move; whoever finds it after a crash looks
at the folders to learn whether the move was made (docs/decisions/0027).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

NAME_BYTES = 255
LONGEST_PAUSE = timedelta(minutes=30)
# What other programs leave while they copy, and what systems leave in every folder.
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", "~")
LITTER = {"thumbs.db", "desktop.ini"}
NUMBER = re.compile(r"(\d+)")


class Folder(StrEnum):
    WAITING = "source"
    WORK = "images_sources"
    DONE = "images_old"


class State(StrEnum):
    """Where an image is on its way. The last four are ends that only a person changes."""

    WAITING = "waiting"  # in source; recorded only when it could not be taken yet
    TAKING = "taking"  # announced: source → images_sources
    TAKEN = "taken"
    PROCESSING = "processing"
    WAITING_UPLOAD = "waiting_upload"
    UPLOADING = "uploading"
    CONFIRMED = "confirmed"  # in the store for certain; announced: images_sources → images_old
    FORCING = "forcing"  # announced by the lead: the same move, without a confirmation
    ARCHIVED = "archived"
    FORCED = "forced"
    FAILED = "failed"  # needs a person; the file stays where it is
    MISSING = "missing"  # somebody took the file away


MOVES = {
    State.TAKING: (Folder.WAITING, Folder.WORK),
    State.CONFIRMED: (Folder.WORK, Folder.DONE),
    State.FORCING: (Folder.WORK, Folder.DONE),
}
WHERE: dict[State, Folder | None] = {
    State.WAITING: Folder.WAITING,
    State.TAKEN: Folder.WORK,
    State.PROCESSING: Folder.WORK,
    State.WAITING_UPLOAD: Folder.WORK,
    State.UPLOADING: Folder.WORK,
    State.ARCHIVED: Folder.DONE,
    State.FORCED: Folder.DONE,
    State.MISSING: None,
}
# After a move: what the image is once it was made.
AFTER_MOVE = {
    State.TAKING: State.TAKEN,
    State.CONFIRMED: State.ARCHIVED,
    State.FORCING: State.FORCED,
}
# States that only a process at work leaves behind; what they go back to when it died.
INTERRUPTED = {State.PROCESSING: State.TAKEN, State.UPLOADING: State.WAITING_UPLOAD}
# What a process at work goes on with, in images_sources.
IN_WORK = (
    State.TAKING,
    State.TAKEN,
    State.PROCESSING,
    State.WAITING_UPLOAD,
    State.UPLOADING,
    State.CONFIRMED,
    State.FORCING,
)
TRANSITIONS: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.TAKING, State.FAILED}),
    State.TAKING: frozenset(
        {State.TAKING, State.TAKEN, State.WAITING, State.FAILED, State.MISSING}
    ),
    State.TAKEN: frozenset({State.PROCESSING, State.FAILED, State.FORCING, State.MISSING}),
    State.PROCESSING: frozenset({State.WAITING_UPLOAD, State.TAKEN, State.FAILED, State.MISSING}),
    State.WAITING_UPLOAD: frozenset(
        {State.UPLOADING, State.TAKEN, State.FAILED, State.FORCING, State.MISSING}
    ),
    State.UPLOADING: frozenset(
        {State.CONFIRMED, State.WAITING_UPLOAD, State.TAKEN, State.FAILED, State.MISSING}
    ),
    State.CONFIRMED: frozenset({State.ARCHIVED, State.CONFIRMED, State.MISSING}),
    State.FORCING: frozenset({State.FORCED, State.FORCING, State.MISSING}),
    State.FAILED: frozenset(
        {State.TAKEN, State.WAITING_UPLOAD, State.WAITING, State.FORCING, State.MISSING}
    ),
    State.MISSING: frozenset({State.TAKEN, State.WAITING}),
    State.ARCHIVED: frozenset(),
    State.FORCED: frozenset(),
}


@dataclass(frozen=True)
class Seal:
    """What tells a file from another, or from itself changed: a rename keeps it."""

    inode: int
    size: int
    mtime_ns: int

    def __str__(self) -> str:
        return f"{self.inode}:{self.size}:{self.mtime_ns}"

    @classmethod
    def parse(cls, text: str) -> "Seal":
        inode, size, mtime_ns = text.split(":")
        return cls(int(inode), int(size), int(mtime_ns))


class Moved(StrEnum):
    """What became of an announced move."""

    NOT_YET = "not_yet"
    MADE = "made"
    COPIED = "copied"  # the copy is whole; the original is still to be removed
    LOST = "lost"


def may_follow(state: State, following: State) -> bool:
    """Tell whether an image may go from this state to that one."""
    return following in TRANSITIONS[state]


def judge_move(
    announced: Seal, source: Seal | None, target: Seal | None, same_content: Callable[[], bool]
) -> Moved:
    """Return what became of a move, from what is found under the two names now.

    `same_content` compares both files and is asked only when both are there. A target that is
    neither the file nor of its length is a stranger's, and says nothing of ours.
    """
    if source == announced and target is not None and same_content():
        return Moved.COPIED
    if source == announced:
        return Moved.NOT_YET
    if target and (target.inode == announced.inode or target.size == announced.size):
        return Moved.MADE
    return Moved.LOST if source is None else Moved.NOT_YET


def why_skipped(name: str, *, regular: bool, kind: str) -> str:
    """Return why an entry of the folder is not taken, or "" when it is an image to take."""
    if not regular:
        return f"no es un archivo sino {kind}"
    if name.startswith("."):
        return "nombre oculto"
    if name.casefold().endswith(UNFINISHED):
        return "copia sin terminar, según su nombre"
    if name.casefold() in LITTER:
        return "archivo del sistema"
    return ""


def is_settled(*, age: float, unchanged: float, settle: float) -> bool:
    """Tell whether a file is no longer being written: left alone for `settle` seconds, by its own
    time (another host's clock may be ahead: `age` is negative) or as we have watched it."""
    return max(age, unchanged) >= settle


def order_key(name: str) -> tuple[object, ...]:
    """Return the key of the order images are taken in: by name, numbers by their value."""
    parts = NUMBER.split(name.casefold())
    numbered = tuple(
        (1, int(part), "") if place % 2 else (0, 0, part) for place, part in enumerate(parts)
    )
    return (*numbered, (2, 0, name))


def free_name(name: str, taken: Callable[[str], bool]) -> str:
    """Return the name, or «name (2).png» and so on: the first that is not taken."""
    if not taken(name):
        return name
    dot = name.rfind(".")
    stem, suffix = (name[:dot], name[dot:]) if dot > 0 else (name, "")
    number = 2
    while taken(candidate := _fitted(stem, f" ({number}){suffix}")):
        number += 1
    return candidate


def _fitted(stem: str, end: str) -> str:
    """Return stem and end as a name that a file system takes: the stem is cut where it must."""
    room = NAME_BYTES - len(end.encode())
    if room <= 0:  # a suffix as long as a name
        return _fitted(stem, end[:32])
    return stem.encode()[:room].decode(errors="ignore") + end


def pause(attempts: int, first: float) -> timedelta:
    """Return how long to wait after so many failed attempts: doubled each time, 30 minutes at
    most."""
    doubled = first * 2 ** min(max(attempts - 1, 0), 20)
    return min(timedelta(seconds=doubled), LONGEST_PAUSE)
