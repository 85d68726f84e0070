"""Every file of the mask store, read for a copy elsewhere. Nothing is written to the store."""

from collections.abc import Iterator
from typing import Any

from gridfs.errors import CorruptGridFile, NoFile

from masks import store
from segmentacion.mongo.clients import AWARE, Document


class UnreadableFileError(Exception):
    """The store does not deliver a file whole; the message says why."""


def every_file() -> Iterator[Document]:
    """Yield the document of every file, streamed."""
    yield from store.files().with_options(codec_options=AWARE).find({}).batch_size(500)


def how_much() -> int:
    """Return how many bytes the files of the store say they have."""
    found = list(store.files().aggregate([{"$group": {"_id": None, "n": {"$sum": "$length"}}}]))
    number = found[0]["n"] if found else 0
    return int(number) if isinstance(number, int | float) else 0


def content_of(file_id: Any) -> Iterator[bytes]:
    """Yield a file's content. Raises UnreadableFileError, PyMongoError when the store is away."""
    try:
        yield from store.content(file_id)
    except (CorruptGridFile, NoFile) as error:
        raise UnreadableFileError(str(error)) from error
