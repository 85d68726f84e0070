"""The mask store: the one module that touches its GridFS bucket.

Other programs write it. Here it is read; nothing in it is changed or deleted. The demo's file
documents are the one exception, and go only into an empty store of the embedded server.
"""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from masks.rules import MaskFile
from segmentacion.mongo.clients import AWARE, NAIVE, Document, store_database

BATCH_SIZE = 20_000
STRETCH = 5_000
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


def put_demo_files(documents: list[Document]) -> int:
    """Insert the demo's file documents (without content) as their programs would have.

    For an empty store of the embedded server; the caller checks. Returns how many.
    """
    files().create_index([("filename", 1), ("uploadDate", 1)])
    return len(files().insert_many(documents).inserted_ids)
