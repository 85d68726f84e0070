"""The bucket of original images: the one module that touches it (docs/decisions/0027).

A file's id is the SHA-256 of its content, so that a content cannot be there twice, whoever uploads
it and however often. Chunks that an interrupted upload left are those the next one would write.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bson import Int64
from django.conf import settings
from gridfs import GridFSBucket, NoFile
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.write_concern import WriteConcern

from segmentacion.mongo.clients import AWARE, Document, main_database, named_client

CHUNK_BYTES = 255 * 1024
CHUNKS_PER_COMMAND = 32
DUPLICATE_KEY = 11000
# Chunks do not wait for the journal: their document, written after them, does for all.
UNAWAITED = WriteConcern(w=1, j=False)
_indexed: set[tuple[object, ...]] = set()


def database() -> Database[Document]:
    """Return the bucket's database: the main one, unless the settings name another."""
    if settings.INTAKE_MONGO_URI:
        return named_client(settings.INTAKE_MONGO_URI)[settings.INTAKE_DB or settings.MONGO_DB]
    main = main_database()
    return main.client[settings.INTAKE_DB] if settings.INTAKE_DB else main


def files() -> Collection[Document]:
    return database().get_collection(f"{settings.INTAKE_BUCKET}.files", codec_options=AWARE)


def chunks(write_concern: WriteConcern | None = None) -> Collection[Document]:
    name = f"{settings.INTAKE_BUCKET}.chunks"
    return database().get_collection(name, write_concern=write_concern)


def document(sha256: str) -> Document | None:
    """Return the document of the file with this content, if it got that far."""
    return files().find_one({"_id": sha256})


def put(sha256: str, filename: str, metadata: Document, parts: Iterable[bytes]) -> None:
    """Write a file from parts of CHUNK_BYTES: its chunks, and last its document, acknowledged by
    a majority and in the journal, with all that was written before it.

    What is there already, from an upload that was cut off or runs elsewhere, is left as it is:
    reading back says whether it is right. Raises PyMongoError.
    """
    _ensure_indexes()
    length, numbered = 0, count()
    waiting: list[Document] = []
    for part in parts:
        waiting.append({"files_id": sha256, "n": next(numbered), "data": part})
        length += len(part)
        if len(waiting) == CHUNKS_PER_COMMAND:
            _insert_chunks(waiting)
            waiting = []
    if waiting:
        _insert_chunks(waiting)
    put_document(sha256, filename, metadata, length)


def put_document(sha256: str, filename: str, metadata: Document, length: int) -> None:
    """Write a file's document, unless it is there. Then a majority has it in the journal, with all
    that was written before, whoever wrote it: MongoDB waits for that, too, when it refuses a
    duplicate. Raises PyMongoError.
    """
    try:
        files().insert_one(
            {
                "_id": sha256,
                "filename": filename,
                "length": Int64(length),
                "chunkSize": CHUNK_BYTES,
                "uploadDate": datetime.now(UTC),
                "metadata": metadata,
            }
        )
    except DuplicateKeyError:
        return


def content(sha256: str) -> Iterator[bytes]:
    """Yield what the store has under this id, chunk by chunk; one out of order ends it."""
    found = chunks().find({"files_id": sha256}, {"_id": 0, "n": 1, "data": 1}).sort("n", 1)
    for number, chunk in enumerate(found.batch_size(CHUNKS_PER_COMMAND)):
        if chunk["n"] != number:
            return
        yield chunk["data"]


def remove(sha256: str) -> None:
    """Remove what is under this id. Only for content that was read and is not what it says."""
    try:
        GridFSBucket(database(), bucket_name=settings.INTAKE_BUCKET).delete(sha256)
    except NoFile:  # `delete` has removed the chunks all the same
        return


def _insert_chunks(documents: list[Document]) -> None:
    try:
        chunks(UNAWAITED).insert_many(documents, ordered=False)
    except BulkWriteError as error:
        problems: list[Any] = error.details.get("writeErrors", [])
        if not problems or any(problem.get("code") != DUPLICATE_KEY for problem in problems):
            raise


def _ensure_indexes() -> None:
    """Give an empty bucket its two indexes, as every GridFS driver does before the first file."""
    place = (os.getpid(), database().name, settings.INTAKE_MONGO_URI, settings.INTAKE_BUCKET)
    if place in _indexed:
        return
    if files().find_one({}, {"_id": 1}) is None:
        files().create_index([("filename", 1), ("uploadDate", 1)])
        chunks().create_index([("files_id", 1), ("n", 1)], unique=True)
    _indexed.add(place)
