"""Every batch of a list, in its order, without pages."""

from collections.abc import Iterator
from typing import Any

from batches.models import Batch
from batches.queries.pages import LISTED, order_of, stretches
from batches.rules.filters import PageRequest
from segmentacion.mongo.clients import Document, main_collection

BATCH_SIZE = 2_000
# What a row of the table shows.
SHOWN = {
    "_id": 0, "id": 1, "folder": 1, "assignee": 1, "status": 1, "comments": 1,
    "mongo_uploaded": 1, "updated_at": 1, "mask_verdict.kind": 1,
    "file_info.file_count": 1, "file_info.last_file_upload": 1,
    "metadata.priority": 1, "metadata.review_status": 1, "metadata.due_date": 1,
    "metadata.assigned_at": 1, "metadata.total_masks": 1, "metadata.completed_masks": 1,
}  # fmt: skip


def whole_list(request: PageRequest, projection: Any = LISTED) -> Iterator[Document]:
    """Yield the documents of the whole list, as its pages would show them one after another."""
    collection = main_collection(Batch.COLLECTION)
    for condition in stretches(request):
        cursor = collection.find(condition, projection, batch_size=BATCH_SIZE)
        with cursor.sort(order_of(request)):
            yield from cursor
