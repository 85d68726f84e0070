"""Batches that files of the store name and that are not here.

Found from the ids alone, which are keys of indexes; where those are too many, both sides are
streamed in order of id and merged. Nothing grows with the number of files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pymongo.errors import OperationFailure

from batches.models import IDS_VERSION, Batch
from batches.queries.counts import kept
from masks.models import SYNC_VERSION, CatalogueFile
from segmentacion.mongo.clients import Document, main_collection

STREAM = 10_000
TOO_LARGE = 17217  # what `distinct` answers when the ids do not fit into 16 MB
MAX_LISTED = 10_000
FIRST = 50
# What the answer depends on: batches come to be (or go), and a run of the sync.
DEPENDS_ON = (IDS_VERSION, SYNC_VERSION)


@dataclass(frozen=True)
class UnknownBatch:
    """A batch that is not here, and how many files of the store name it."""

    id: str
    files: int


@dataclass(frozen=True)
class UnknownBatches:
    """How many there are, and the first of them in order of id."""

    total: int
    first: list[UnknownBatch]


def unknown_batches(limit: int) -> UnknownBatches:
    """Return how many there are and the first `limit`, read now.

    The ids come from the keys of an index (0.3 s for 300,000 files); only the files of those
    that are not here are counted. Where that would be too much, both sides are streamed.
    """
    candidates = _candidates()
    found = stream_unknown() if candidates is None else _count(candidates)
    total, first = 0, []
    for one in found:
        total += 1
        if total <= limit:
            first.append(one)
    return UnknownBatches(total, first)


def _candidates() -> list[str] | None:
    """Return the ids that are not here, those of files that went included; None: too many."""
    try:
        named = set(main_collection(CatalogueFile.COLLECTION).distinct("batches"))
    except OperationFailure as error:
        if error.code != TOO_LARGE:
            raise
        return None
    named.difference_update(_ids_here())
    ids = sorted(batch_id for batch_id in named if isinstance(batch_id, str))
    return ids if len(ids) <= MAX_LISTED else None


def _count(ids: list[str]) -> Iterator[UnknownBatch]:
    for group in stream_batches_of_files({"files": {"$sum": 1}}, among=ids):
        yield UnknownBatch(group["_id"], group["files"])


def kept_unknown(limit: int = FIRST) -> UnknownBatches:
    """Return the same as of the last sync or change of batches, or of half a minute ago."""
    value = kept(
        f"unknown_batches_{limit}", {}, lambda: _as_value(unknown_batches(limit)), of=DEPENDS_ON
    )
    return UnknownBatches(value["total"], [UnknownBatch(*pair) for pair in value["first"]])


def _as_value(found: UnknownBatches) -> Document:
    return {"total": found.total, "first": [[one.id, one.files] for one in found.first]}


def stream_unknown() -> Iterator[UnknownBatch]:
    """Yield each batch that is not here, in order of id."""
    here = _ids_here()
    current = next(here, None)
    for group in stream_batches_of_files({"files": {"$sum": 1}}):
        while current is not None and current < group["_id"]:
            current = next(here, None)
        if current != group["_id"]:
            yield UnknownBatch(group["_id"], group["files"])


def stream_batches_of_files(
    fields: dict[str, Any], *, among: list[str] | None = None
) -> Iterator[Document]:
    """Yield a document per batch that files in the store name, in order of id, with `fields`
    accumulated over its files by the server; of `among` only, if said."""
    wanted: Document = {"batches": {"$gt": ""} if among is None else {"$in": among}}
    pipeline: list[Document] = [
        {"$match": {"here": True, **wanted}},
        {"$unwind": "$batches"},
        {"$match": wanted},
        {"$group": {"_id": "$batches", **fields}},
        {"$sort": {"_id": 1}},
    ]
    yield from main_collection(CatalogueFile.COLLECTION).aggregate(
        pipeline, allowDiskUse=True, batchSize=STREAM
    )


def _ids_here() -> Iterator[str]:
    found = main_collection(Batch.COLLECTION).find({"id": {"$gt": ""}}, {"_id": 0, "id": 1})
    for document in found.sort("id", 1).batch_size(STREAM):
        yield document["id"]
