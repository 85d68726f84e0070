"""The batches a selection is about."""

from collections.abc import Sequence

from batches.models import Batch
from batches.queries.conditions import condition_of
from batches.rules.selecting import MAX_BATCHES, Selection, check_count, in_series
from segmentacion.mongo.clients import Document, main_collection

# What planning a change looks at.
NEEDED = {
    "id": 1, "assignee": 1, "status": 1, "version": 1, "comments": 1, "folder": 1, "metadata": 1,
    "completed_at": 1, "reviewed_at": 1,
}  # fmt: skip


def documents_with_ids(ids: Sequence[str]) -> list[Document]:
    """Return the batches with these ids, in the order of the ids."""
    found = main_collection(Batch.COLLECTION).find({"id": {"$in": list(ids)}}, NEEDED)
    by_id: dict[str, Document] = {document["id"]: document for document in found}
    return [by_id[batch_id] for batch_id in ids if batch_id in by_id]


def documents_of(selection: Selection) -> tuple[list[Document], list[str]]:
    """Return the batches a selection is about, in order of id, and the names no batch has.

    Raises FilterError when they are more than one act may be about.
    """
    if selection.ids is not None:
        documents = documents_with_ids(selection.ids)
        known = {document["id"] for document in documents}
        missing = [batch_id for batch_id in selection.ids if batch_id not in known]
        return documents, [*selection.unknown, *missing]
    if selection.range is not None:
        first, last = selection.range
        found = _bounded({"id": {"$gte": first, "$lte": last}}, "range")
        return [document for document in found if in_series(document["id"], first)], []
    if selection.filter is None:
        return [], []
    return _bounded(condition_of(selection.filter), "filter"), []


def _bounded(condition: Document, name: str) -> list[Document]:
    """Return the batches that meet a condition, by id; no more than an act may be about are read.

    Raises FilterError.
    """
    found = main_collection(Batch.COLLECTION).find(condition, NEEDED).sort("id")
    documents = list(found.limit(MAX_BATCHES + 1))
    check_count(len(documents), name)
    return documents
