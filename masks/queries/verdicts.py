"""Reading verdicts, and which files have none yet."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from masks.models import ArchiveVerdict, CatalogueFile
from segmentacion.mongo.clients import Document, main_collection

WANTED = {"filename": 1, "length": 1, "batches": 1, "uploadDate": 1}
NEWEST_FIRST = [("uploadDate", -1), ("_id", -1)]
# Without a verdict; the catalogue drops that of a file whose length changed.
OUTSTANDING: Document = {"here": True, "verdict.kind": None}


def verdict_of(file_id: Any) -> Document | None:
    """Return the whole verdict on a file, or None."""
    return main_collection(ArchiveVerdict.COLLECTION).find_one({"_id": file_id})


def verdicts_of(file_ids: Iterable[Any]) -> list[Document]:
    """Return the verdicts on these files, without their members."""
    condition = {"_id": {"$in": list(file_ids)}}
    return list(main_collection(ArchiveVerdict.COLLECTION).find(condition, {"members": 0}))


def file_of(file_id: Any) -> Document | None:
    """Return a file that is in the store, as the catalogue knows it, or None."""
    return main_collection(CatalogueFile.COLLECTION).find_one(
        {"_id": file_id, "here": True}, WANTED
    )


def files_of_batch(batch_id: str) -> list[Document]:
    """Return the files of a batch that are in the store, newest first."""
    condition = {"batches": batch_id, "here": True}
    return list(
        main_collection(CatalogueFile.COLLECTION).find(condition, WANTED).sort(NEWEST_FIRST)
    )


def files_to_verify(
    *, again: bool = False, since: datetime | None = None, skip: int = 0, limit: int = 0
) -> Iterator[Document]:
    """Stream files of the store without a verdict, newest first; all of them with `again`."""
    condition = _wanted(again=again, since=since)
    found = main_collection(CatalogueFile.COLLECTION).find(condition, WANTED)
    yield from found.sort(NEWEST_FIRST).skip(skip).limit(limit)


def count_to_verify(*, again: bool = False, since: datetime | None = None) -> int:
    """Return how many `files_to_verify` would give, from an index."""
    condition = _wanted(again=again, since=since)
    return main_collection(CatalogueFile.COLLECTION).count_documents(condition)


def _wanted(*, again: bool, since: datetime | None) -> Document:
    condition: Document = {"here": True} if again else dict(OUTSTANDING)
    return condition | ({"uploadDate": {"$gte": since}} if since else {})
