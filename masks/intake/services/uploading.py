"""Uploading an image, and making sure: only then may it leave images_sources."""

import hashlib
import logging
from datetime import UTC, datetime
from pathlib import Path

from pymongo.errors import PyMongoError

from masks.intake import store
from masks.intake.folders import digest, pieces, seal_of
from masks.intake.rules import Folder, State
from masks.intake.services.errors import UploadFailedError
from masks.intake.services.moving import announce, carry_out, lost
from masks.intake.services.records import images, write_failure, write_state
from masks.intake.services.working import Work
from segmentacion.mongo.clients import Document

logger = logging.getLogger("segmentacion.intake")

CHANGED = "El archivo cambió después de procesarse; se procesará otra vez."
NOT_EQUAL = "MongoDB no devolvió la imagen igual que se mandó; se subirá otra vez."
STORE_DOWN = "MongoDB no recibió la imagen. Se conserva en images_sources; se intentará otra vez."


def upload_image(work: Work, image: Document) -> Document:
    """Upload an image that was processed, confirm it and archive it; return it archived.

    Raises ImageError (this image), UploadFailedError (the store), FolderError; the image is then
    in images_sources still.
    """
    path = work.folders.path(Folder.WORK, image["file"])
    if seal_of(path) is None:
        raise lost(work, image)
    attempts = int(image.get("attempts") or 0) + 1
    image = write_state(work, image, State.UPLOADING, attempts=attempts, next_attempt_at=None)
    try:
        was_there = _bring(work, image, path)
    except (PyMongoError, UploadFailedError) as error:
        _back(work, image, error)
        raise UploadFailedError(STORE_DOWN) from error
    except OSError as error:
        message = f"No se puede leer el archivo: {error.strerror or error}."
        raise write_failure(work, image, State.WAITING_UPLOAD, message) from error
    now = datetime.now(UTC)
    image = announce(
        work, image, State.CONFIRMED, confirmed_at=now, error=None, file_id=image["sha256"],
        duplicate_of=_first_of(image) if was_there else None,
    )  # fmt: skip
    return carry_out(work, image, archived_at=now)


def _bring(work: Work, image: Document, path: Path) -> bool:
    """Put the content into the store, unless it is there, and read it back; return whether it was
    there.

    What comes back is what was read from the disk just now, and has the SHA-256 that processing
    found: all three are equal. Raises ImageError when they are not.
    """
    sha256, length, before = image["sha256"], image["length"], seal_of(path)
    was_there = store.document(sha256) is not None and _is_there(sha256, length)
    if was_there:  # perhaps only on one server of several, a moment ago
        store.put_document(sha256, image["name"], _metadata(image), length)
    else:
        content = pieces(path, store.CHUNK_BYTES)
        store.put(sha256, image["name"], _metadata(image), content)
    whole = was_there or _is_there(sha256, length)
    if seal_of(path) != before or ((was_there or not whole) and digest(path) != sha256):
        if not whole:
            _remove_wrong(sha256, length)
        raise write_failure(work, image, State.TAKEN, CHANGED)
    if not whole:
        _remove_wrong(sha256, length)
        raise write_failure(work, image, State.WAITING_UPLOAD, NOT_EQUAL)
    return was_there


def _is_there(sha256: str, length: int) -> bool:
    """Tell whether the store gives this content back whole."""
    found = store.document(sha256)
    if found is None or found.get("length") != length:
        return False
    read = hashlib.sha256()
    for chunk in store.content(sha256):
        read.update(chunk)
    return read.hexdigest() == sha256


def _remove_wrong(sha256: str, length: int) -> None:
    """Remove what is under an id and is not its content; it would be in the way of the right."""
    if not _is_there(sha256, length):
        logger.warning("intake: what the store has as %s is not that; removed", sha256)
        store.remove(sha256)


def _back(work: Work, image: Document, error: Exception) -> None:
    """Write that the image waits for its upload again: no attempt of its own was used up. The
    database may be what is away; then starting again writes it."""
    logger.warning("intake: %s was not uploaded: %s", image["name"], error)
    try:
        write_state(
            work, image, State.WAITING_UPLOAD, attempts=int(image["attempts"]) - 1,
            error={"message": STORE_DOWN, "at": datetime.now(UTC), "final": False},
        )  # fmt: skip
    except PyMongoError:
        logger.warning("intake: the state of %s could not be written", image["name"])


def _first_of(image: Document) -> object:
    """Return the image that brought this content, if it was another."""
    done = [State.CONFIRMED.value, State.ARCHIVED.value]
    condition = {"sha256": image["sha256"], "state": {"$in": done}, "_id": {"$ne": image["_id"]}}
    first = images().find_one(condition, {"_id": 1}, sort=[("_id", 1)])
    return first["_id"] if first else None


def _metadata(image: Document) -> Document:
    kept = ("width", "height", "format", "code")
    return {
        "source": "intake",
        "image": image["_id"],
        "folder": image["folder"],
        "sha256": image["sha256"],
        **{name: image[name] for name in kept if image.get(name) is not None},
    }
