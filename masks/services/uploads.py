"""Putting an archive into the mask store so that it is whole or not there (docs/decisions/0017).

Record in the main database → chunks → file document → read back, length and SHA-256 → done.
Whatever is interrupted is removed, at once or by a later sweep; only ids of our own records are
ever touched.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from bson import ObjectId
from gridfs.errors import CorruptGridFile, NoFile
from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from masks import store
from masks.models import MaskUpload
from masks.queries.runs import store_name
from masks.queries.uploads import DONE, STORING, SWEEPING, abandoned, same_content, unheard_of
from masks.rules.uploads import SOURCE, UploadError
from segmentacion.mongo.clients import Document, main_collection

logger = logging.getLogger("segmentacion.uploads")

# A worker says that it lives this often while it writes; unheard of for the margin, it is gone.
ALIVE_EVERY_SECONDS = 20.0
MARGIN_SECONDS = 600.0


class StoreDownError(UploadError):
    """The mask store (or the account's right to write it) is missing; nothing stayed there."""

    def __init__(self) -> None:
        super().__init__(
            "El almacén de máscaras no responde o no permite escribir. No se guardó nada; "
            "intenta de nuevo más tarde."
        )


class NotConfirmedError(UploadError):
    """What the store gave back is not what was sent, or the record of the upload was lost."""

    def __init__(self) -> None:
        super().__init__(
            "El almacén no devolvió el archivo igual que se mandó. No se guardó nada; intenta de "
            "nuevo."
        )


class DuplicateUploadError(UploadError):
    """This content is in the store already, for this batch; `record` is that upload's."""

    def __init__(self, record: Document) -> None:
        super().__init__("Este mismo archivo ya estaba subido a este batch: no se guardó otra vez.")
        self.record = record


@dataclass(frozen=True)
class Archive:
    """An archive received whole, in a local file, and what it will be called in the store."""

    stream: BinaryIO
    length: int
    sha256: str
    batch_id: str
    filename: str
    uploaded_by: str


def put_archive(archive: Archive) -> ObjectId:
    """Write an archive into the store, confirmed; return the file's id.

    Raises DuplicateUploadError when this batch has this content already, StoreDownError,
    NotConfirmedError; after any of them nothing of this upload is in the store, or will be once
    the sweep has run. PyMongoError is the main database's.
    """
    refuse_duplicate(archive.batch_id, archive.sha256)
    file_id = _record(archive)
    try:
        refuse_duplicate(archive.batch_id, archive.sha256, before=file_id)
        _write(file_id, archive)
        _confirm(file_id, archive.length, archive.sha256)
    except BaseException:
        _discard(file_id)
        raise
    _uploads().update_one({"_id": file_id}, {"$set": {"state": DONE}})
    return file_id


def refuse_duplicate(batch_id: str, sha256: str, *, before: ObjectId | None = None) -> None:
    """Raise DuplicateUploadError when this batch has this content in the store.

    With `before`, an upload under way counts if it came first: of two at once, one goes on.
    """
    for record in same_content(batch_id, sha256):
        earlier = before is not None and record["_id"] < before and record["state"] == STORING
        if earlier or (record["state"] == DONE and _is_there(record["_id"])):
            raise DuplicateUploadError(record)


def sweep_abandoned(*, margin: float = MARGIN_SECONDS) -> int:
    """Settle the uploads whose worker died; return how many.

    One whose file is whole counts as done; of any other, chunks and document are removed. A
    store that is away leaves them to the next sweep. Touches nothing that is not recorded.
    """
    settled = 0
    for file_id in abandoned(margin):
        record = _claim(file_id, margin)
        if record is None:
            continue
        try:
            _settle(record)
            settled += 1
        except (StoreDownError, PyMongoError):
            logger.exception("upload %s was not settled; the next sweep tries again", file_id)
    return settled


def _record(archive: Archive) -> ObjectId:
    """Write that this upload begins, before its first chunk; return the id of its file."""
    file_id = ObjectId()
    known = {
        "batch_id": archive.batch_id,
        "filename": archive.filename,
        "uploaded_by": archive.uploaded_by,
        "length": archive.length,
        "sha256": archive.sha256,
        "state": STORING,
        "store": store_name(),
    }
    literal = {name: {"$literal": value} for name, value in known.items()}
    _uploads().update_one(
        {"_id": file_id},
        [{"$set": {**literal, "started_at": "$$NOW", "alive_at": "$$NOW"}}],
        upsert=True,
    )
    return file_id


def _write(file_id: ObjectId, archive: Archive) -> None:
    metadata = {
        "uploaded_by": archive.uploaded_by,
        "batch_id": archive.batch_id,
        "sha256": archive.sha256,
        "source": SOURCE,
    }
    pieces = _pieces(archive.stream, lambda: _say_alive(file_id))
    try:
        store.put_upload(file_id, archive.filename, metadata, pieces)
    except PyMongoError as error:
        raise StoreDownError from error


def _pieces(stream: BinaryIO, alive: Callable[[], None]) -> Iterator[bytes]:
    """Yield the archive in chunks, saying now and then, and at the end, that we live."""
    stream.seek(0)
    said = time.monotonic()
    while piece := stream.read(store.CHUNK_BYTES):
        yield piece
        if time.monotonic() - said > ALIVE_EVERY_SECONDS:
            alive()
            said = time.monotonic()
    alive()


def _say_alive(file_id: ObjectId) -> None:
    """Move `alive_at`. Raises NotConfirmedError when a sweep took this upload for abandoned."""
    result = _uploads().update_one(
        {"_id": file_id, "state": STORING}, [{"$set": {"alive_at": "$$NOW"}}]
    )
    if not result.matched_count:
        raise NotConfirmedError


def _confirm(file_id: ObjectId, length: int, sha256: str) -> None:
    """Read the file back. Raises NotConfirmedError unless it is what was sent."""
    try:
        document = store.file_document(file_id)
        if document is None or document["length"] != length:
            raise NotConfirmedError
        digest = hashlib.sha256()
        for chunk in store.content(file_id):
            digest.update(chunk)
    except (CorruptGridFile, NoFile) as error:
        raise NotConfirmedError from error
    except PyMongoError as error:
        raise StoreDownError from error
    if digest.hexdigest() != sha256:
        raise NotConfirmedError


def _discard(file_id: ObjectId) -> None:
    """Remove what this upload left. A server that is away leaves it to the sweep."""
    try:
        store.remove_upload(file_id)
        _uploads().delete_one({"_id": file_id})
    except PyMongoError:
        logger.exception("upload %s was not removed; the sweep will", file_id)


def _is_there(file_id: Any) -> bool:
    try:
        return store.file_document(file_id) is not None
    except PyMongoError as error:
        raise StoreDownError from error


def _claim(file_id: ObjectId, margin: float) -> Document | None:
    """Take an abandoned upload for this sweep; None when another was quicker or it lives."""
    return _uploads().find_one_and_update(
        {"_id": file_id, **unheard_of(margin)},
        [{"$set": {"state": SWEEPING, "alive_at": "$$NOW"}}],
        return_document=ReturnDocument.AFTER,
    )


def _settle(record: Document) -> None:
    file_id = record["_id"]
    try:
        _confirm(file_id, record["length"], record["sha256"])
    except NotConfirmedError:
        store.remove_upload(file_id)
        _uploads().delete_one({"_id": file_id})
    else:
        _uploads().update_one({"_id": file_id}, {"$set": {"state": DONE}})


def _uploads() -> Collection[Document]:
    return main_collection(MaskUpload.COLLECTION)
