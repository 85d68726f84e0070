"""The mask store: the one module that touches its GridFS bucket.

Other programs write it. Here it is read; nothing of theirs is changed or deleted. What we write
are the archives that people upload through our page, under ids that our own database recorded
first (masks/services/uploads.py), and the demo's file documents, into an empty store of the
embedded server.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count as count_from
from itertools import islice
from typing import Any

from bson import Int64, ObjectId, encode
from django.conf import settings
from gridfs import GridFSBucket, NoFile
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from masks.rules import MaskFile
from segmentacion.mongo.clients import AWARE, NAIVE, Document, store_database

BATCH_SIZE = 20_000
STRETCH = 5_000
# What the catalogue copies of a file.
COPIED = {
    "filename": 1,
    "uploadDate": 1,
    "length": 1,
    "metadata.uploaded_by": 1,
    "metadata.batch_id": 1,
}
NAMES_INDEX = [("filename", 1), ("uploadDate", 1)]
CHUNK_BYTES = 255 * 1024
CHUNKS_PER_COMMAND = 16
LOOKUP = 10_000
SCANNED = {"_id": 0, "f": "$filename", "u": "$uploadDate", "b": "$metadata.batch_id"}


def files() -> Collection[Document]:
    """Return the bucket's collection of files."""
    return store_database()[files_collection_name()].with_options(codec_options=NAIVE)


def files_collection_name() -> str:
    return f"{settings.MASKS_BUCKET}.files"


def scan() -> Iterator[list[MaskFile]]:
    """Yield every file, streamed in stretches. One pass over the store, three values a file.

    Raises PyMongoError when the store is unreachable or the reading is interrupted: what was
    yielded until then is not the whole.
    """
    cursor = files().aggregate([{"$project": SCANNED}], batchSize=BATCH_SIZE)
    stretch: list[MaskFile] = []
    for document in cursor:
        try:
            filename, uploaded_at = document["f"], document["u"]
        except KeyError:
            filename, uploaded_at = document.get("f"), document.get("u")
        if filename.__class__ is not str:
            filename = ""
        if uploaded_at.__class__ is not datetime:
            uploaded_at = None
        stretch.append((filename, uploaded_at, document.get("b")))
        if len(stretch) == STRETCH:
            yield stretch
            stretch = []
    yield stretch


def recent(limit: int) -> list[Document]:
    """Return the newest files first, by upload date: name, date, length, metadata.

    The store has no index on the date alone and gets none from us, so the server reads all
    files and keeps the newest (0.2 s for 300,000). `_id` order would be cheaper and wrong:
    some uploaders do not use time-ordered ids.
    """
    projection = {"filename": 1, "uploadDate": 1, "length": 1, "metadata": 1}
    aware = files().with_options(codec_options=AWARE)
    return list(aware.find({}, projection).sort([("uploadDate", -1), ("_id", -1)]).limit(limit))


def count() -> int:
    """Return about how many files there are (the collection's own count; no scan)."""
    return files().estimated_document_count()


def documents_of(ids: Sequence[Any]) -> Iterator[Document]:
    """Yield what the catalogue copies of these files; those that are gone are left out."""
    for start in range(0, len(ids), STRETCH):
        yield from files().find({"_id": {"$in": list(ids[start : start + STRETCH])}}, COPIED)


def in_id_order() -> Iterator[Document]:
    """Yield what the catalogue copies of every file, streamed in the server's order of `_id`."""
    by_id = [("_id", 1)]
    yield from files().find({}, COPIED, batch_size=STRETCH).sort(by_id).hint(by_id)


def names_in_order() -> Iterable[Any]:
    """Stream names and dates as raw BSON, by name and date, from the index alone.

    Raises OperationFailure where the store lacks GridFS's own index.
    """
    names = {"_id": 0, "filename": 1, "uploadDate": 1}
    found = files().find_raw_batches({}, names, batch_size=BATCH_SIZE)
    return found.sort(NAMES_INDEX).hint(NAMES_INDEX)


def other_buckets() -> list[str]:
    """Return the buckets of this database that hold files, for a hint when ours is empty.

    An account that may not list collections gets no hint, and no error.
    """
    database = store_database()
    try:
        names = database.list_collection_names(filter={"name": {"$regex": r"\.files$"}})
        return sorted(name.removesuffix(".files") for name in names if database[name].find_one())
    except OperationFailure:
        return []


def put_demo_files(documents: list[Document], contents: Sequence[bytes] = ()) -> int:
    """Insert the demo's files as their programs would have: their chunks, then their documents.

    For an empty store of the embedded server; the caller checks. Without contents only the
    documents are made. Returns how many.
    """
    _ensure_bucket_indexes()
    for document, content in zip(documents, contents, strict=False):
        document["length"], document["chunkSize"] = len(content), CHUNK_BYTES
    pieces = [
        {"files_id": document["_id"], "n": 0, "data": content}
        for document, content in zip(documents, contents, strict=False)
    ]
    if pieces:
        chunks().insert_many(pieces)
    return len(files().insert_many(documents).inserted_ids)


def chunks() -> Collection[Document]:
    """Return the bucket's collection of chunks."""
    return store_database()[f"{settings.MASKS_BUCKET}.chunks"]


def bucket() -> GridFSBucket:
    """Return the bucket. Its writes are acknowledged by a majority, in the journal."""
    return GridFSBucket(store_database(), bucket_name=settings.MASKS_BUCKET)


def file_document(file_id: Any) -> Document | None:
    """Return a file's document (aware times), or None when there is no such file."""
    return files().with_options(codec_options=AWARE).find_one({"_id": file_id})


def content(file_id: Any) -> Iterator[bytes]:
    """Yield a file's content, a chunk at a time.

    Raises gridfs.NoFile when there is no such file, gridfs.CorruptGridFile when chunks are
    missing or do not add up, PyMongoError when the store goes away.
    """
    with bucket().open_download_stream(file_id) as stream:
        while chunk := stream.readchunk():
            yield chunk


def chunk_layout(file_id: Any) -> Iterator[tuple[Any, Any]]:
    """Yield number and size in bytes of each chunk of a file, in order; -1 where the content is
    no bytes. The server measures: nothing of the content comes over the wire.
    """
    is_binary = {"$eq": [{"$type": "$data"}, "binData"]}
    size = {"$cond": [is_binary, {"$binarySize": {"$cond": [is_binary, "$data", None]}}, -1]}
    rows = chunks().aggregate(
        [
            {"$match": {"files_id": file_id}},
            {"$sort": {"n": 1}},
            {"$project": {"_id": 0, "n": 1, "size": size}},
        ]
    )
    for row in rows:
        yield row.get("n"), row["size"]


def chunks_from(file_id: Any, number: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of a file's chunks from this one on, a few in memory at a time."""
    condition = {"files_id": file_id, "n": {"$gte": number}}
    found = chunks().find(condition, {"_id": 0, "n": 1, "data": 1}).sort("n", 1)
    for chunk in found.batch_size(CHUNKS_PER_COMMAND):
        yield chunk["n"], bytes(chunk["data"])


def put_upload(
    file_id: ObjectId, filename: str, metadata: Document, pieces: Iterable[bytes]
) -> None:
    """Write a new file from pieces of CHUNK_BYTES: its chunks, and last its document.

    Until then nobody sees a file. Chunks go in small commands, so that memory stays flat and a
    slow line to the store is no reason to give up (GridFSBucket sends 48 MB at once).
    Raises PyMongoError, after which the caller removes what was written.
    """
    _ensure_bucket_indexes()
    length, numbered, waiting = 0, count_from(), []
    for piece in pieces:
        waiting.append({"files_id": file_id, "n": next(numbered), "data": piece})
        length += len(piece)
        if len(waiting) == CHUNKS_PER_COMMAND:
            chunks().insert_many(waiting)
            waiting = []
    if waiting:
        chunks().insert_many(waiting)
    files().insert_one(
        {
            "_id": file_id,
            "filename": filename,
            "length": Int64(length),
            "chunkSize": CHUNK_BYTES,
            "uploadDate": datetime.now(UTC),
            "metadata": metadata,
        }
    )


def remove_upload(file_id: ObjectId) -> None:
    """Remove what one of our uploads left: its document, if it got that far, and its chunks.

    Only for ids recorded in `mask_uploads`, which no other program has.
    """
    try:
        bucket().delete(file_id)
    except NoFile:  # `delete` has removed the chunks all the same
        return


def _ensure_bucket_indexes() -> None:
    """Give an empty bucket its two indexes, as every GridFS driver does before the first file."""
    if files().find_one({}, {"_id": 1}) is None:
        files().create_index([("filename", 1), ("uploadDate", 1)])
        chunks().create_index([("files_id", 1), ("n", 1)], unique=True)


def chunk_owners() -> Iterator[list[Any]]:
    """Yield the ids of files that chunks name, each once, in stretches, in order of the bucket's
    index `{files_id, n}`, from its keys alone. Raises PyMongoError."""
    pipeline: list[Document] = [
        {"$sort": {"files_id": 1, "n": 1}},
        {"$group": {"_id": "$files_id", "n": {"$first": "$n"}}},
    ]
    cursor = chunks().aggregate(pipeline, hint={"files_id": 1, "n": 1}, batchSize=LOOKUP)
    yield from _stretches(document["_id"] for document in cursor)


def without_file(owners: list[Any]) -> list[Any]:
    """Return those of these ids that are of no file."""
    found = files().find({"_id": {"$in": owners}}, {"_id": 1})
    known = {_exact(document["_id"]) for document in found}
    return [owner for owner in owners if _exact(owner) not in known]


def chunks_of(owner: Any) -> tuple[int, int]:
    """Return how many chunks there are of a file's id, and about how many bytes they hold."""
    count = chunks().count_documents({"files_id": owner})
    first = chunks().find_one({"files_id": owner}, {"data": 1}, sort=[("n", 1)])
    return count, count * len((first or {}).get("data") or b"")


def files_without_chunks() -> Iterator[list[str]]:
    """Yield, in stretches of the store, names of files that have bytes and lack the first."""
    found = files().find({"length": {"$gt": 0}}, {"filename": 1}).batch_size(LOOKUP)
    for stretch in _stretches(found):
        owners = {_exact(file["_id"]): file for file in stretch}
        wanted = {"files_id": {"$in": [file["_id"] for file in stretch]}, "n": 0}
        for chunk in chunks().find(wanted, {"_id": 0, "files_id": 1}):
            owners.pop(_exact(chunk["files_id"]), None)
        yield [str(file.get("filename") or "") for file in owners.values()]


def _stretches(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while stretch := list(islice(iterator, LOOKUP)):
        yield stretch


def _exact(key: Any) -> bytes:
    """Return an id of any type as something that can be compared and kept in a set."""
    return encode({"_": key})
