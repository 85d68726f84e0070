"""Batches by id and by operation."""

from collections.abc import Iterable

from batches.models import Batch
from segmentacion.mongo.clients import Document, main_collection


class UnknownBatchError(Exception):
    """There is no batch with this id."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"'{batch_id}' no existe")


def find(batch_id: str, *, history: bool = False) -> Document:
    """Return a batch's document, with its history if asked. Raises UnknownBatchError."""
    projection = None if history else {"history": 0}
    document = main_collection(Batch.COLLECTION).find_one({"id": batch_id}, projection)
    if document is None:
        raise UnknownBatchError(batch_id)
    return document


def by_id(ids: Iterable[str]) -> dict[str, Document]:
    """Return the batches with these ids, whole but for their history."""
    wanted = set(ids)
    collection = main_collection(Batch.COLLECTION)
    found = collection.find({"id": {"$in": list(wanted)}}, {"history": 0})
    return {document["id"]: document for document in found}


def all_ids() -> list[str]:
    """Return every id, in order, from the index alone."""
    found = main_collection(Batch.COLLECTION).find({"id": {"$gt": ""}}, {"_id": 0, "id": 1})
    return [document["id"] for document in found.sort("id")]


def duplicated_ids() -> set[str]:
    """Return ids that several documents share; none when the unique index holds."""
    groups = main_collection(Batch.COLLECTION).aggregate(
        [
            {"$match": {"id": {"$gt": ""}}},
            {"$sort": {"id": 1}},
            {"$group": {"_id": "$id", "count": {"$sum": 1}}},
            {"$match": {"count": {"$gt": 1}}},
        ]
    )
    return {group["_id"] for group in groups}


def ids_of_operation(operation: str) -> set[str]:
    """Return the ids of the batches an operation changed."""
    found = main_collection(Batch.COLLECTION).find(
        {"history.operation": operation}, {"_id": 0, "id": 1}
    )
    return {document["id"] for document in found}
