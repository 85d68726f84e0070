"""Moves between the folders: announced in the database, made, and written down.

What is here is both the way of an ordinary move and that of one which a crash cut off: the
announcement says what is to be moved, the folders say how far it came.
"""

import errno
from pathlib import Path
from typing import Any

from masks.intake import folders as disk
from masks.intake.folders import ChangedError, FolderError
from masks.intake.rules import AFTER_MOVE, MOVES, Folder, Moved, Seal, State, free_name, judge_move
from masks.intake.services.errors import ImageError
from masks.intake.services.records import new_image, next_position, write_failure, write_state
from masks.intake.services.working import Work
from segmentacion.mongo.clients import Document

GONE = "El archivo ya no está en las carpetas: alguien lo movió o lo borró."
TRIES = 5
FOLDER_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE}
BEING_WRITTEN = "El archivo cambió mientras se movía: alguien lo está escribiendo."


def announce(work: Work, image: Document, state: State, **values: Any) -> Document:
    """Write where an image is about to go. Raises ImageError when it is not where it was."""
    where, to = MOVES[state]
    seal = disk.seal_of(work.folders.path(where, image["file"]))
    if seal is None:
        raise lost(work, image)
    return write_state(work, image, state, moving=_moving(work, image["name"], to, seal), **values)


def announce_new(work: Work, name: str, seal: Seal) -> Document:
    """Write that an image, seen for the first time, is about to be taken."""
    moving = _moving(work, name, Folder.WORK, seal)
    return new_image(
        work, name=name, file=name, state=State.TAKING, where=Folder.WAITING.value, live=False,
        moving=moving,
    )  # fmt: skip


def carry_out(work: Work, image: Document, **values: Any) -> Document:
    """Make the move that an image announces, as far as it is not made, and write it.

    Raises ImageError (the file is gone, or could not be moved), FolderError.
    """
    state = State(image["state"])
    where, to = MOVES[state]
    for _ in range(TRIES):
        source = work.folders.path(where, image["file"])
        target = work.folders.of(to) / image["moving"]["file"]
        done = _look(image, source, target)
        if done is Moved.LOST:
            raise lost(work, image)
        if done is Moved.NOT_YET:
            image = _try(work, image, source, target)
            continue
        break
    else:
        raise _not_moved(work, image, BEING_WRITTEN)
    if done is Moved.COPIED:
        disk.remove(source)
    disk.sync_folder(target.parent)
    disk.sync_folder(source.parent)
    if state is State.TAKING and image.get("position") is None:
        values["position"] = next_position(work)
    return write_state(
        work, image, AFTER_MOVE[state], file=target.name, moving=None, error=None, **values
    )


def lost(work: Work, image: Document) -> ImageError:
    """Write that an image's file went away; return the error to raise."""
    written = write_state(work, image, State.MISSING, moving=None, error={"message": GONE})
    return ImageError(str(image["name"]), GONE, str(written["state"]))


def _try(work: Work, image: Document, source: Path, target: Path) -> Document:
    """Move the file once; return the image, announced anew where the name or the file changed."""
    state = State(image["state"])
    where, to = MOVES[state]
    seal = disk.seal_of(source)
    if str(seal) != image["moving"]["seal"]:
        return announce(work, image, state)
    try:
        if state is State.TAKING:
            disk.sync_file(source)
        disk.move(source, target)
    except FileExistsError:
        return announce(work, image, state)
    except ChangedError as error:
        raise _not_moved(work, image, BEING_WRITTEN) from error
    except OSError as error:
        if error.errno in FOLDER_ERRORS:
            raise FolderError(f"No se puede mover a {to}: {error.strerror}") from error
        work.folders.check_writable(where, to)
        raise _not_moved(work, image, f"No se puede mover: {error.strerror or error}.") from error
    return image


def _not_moved(work: Work, image: Document, message: str) -> ImageError:
    """Return the error to raise for an image, and not its folders, that refuses to be moved."""
    tried = {**image, "attempts": int(image.get("attempts") or 0) + 1}
    if image["state"] == State.TAKING:
        return write_failure(work, tried, State.WAITING, message)
    return write_failure(work, tried, State(image["state"]), message, endless=True)


def _look(image: Document, source: Path, target: Path) -> Moved:
    return judge_move(
        Seal.parse(image["moving"]["seal"]),
        disk.seal_of(source),
        disk.seal_of(target),
        lambda: disk.same_content(source, target),
    )


def _moving(work: Work, name: str, to: Folder, seal: Seal) -> Document:
    free = free_name(name, lambda candidate: work.folders.is_taken(to, candidate))
    return {"file": free, "seal": str(seal)}
