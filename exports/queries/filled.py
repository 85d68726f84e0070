"""The batches that a returned workload names."""

from collections import Counter
from collections.abc import Sequence

from batches.models import Batch
from batches.queries.selection import NEEDED
from segmentacion.mongo.clients import Document, main_collection


def batches_named(ids: Sequence[str]) -> tuple[dict[str, Document], set[str]]:
    """Return the batches with these ids, and the ids that several documents share."""
    found = list(main_collection(Batch.COLLECTION).find({"id": {"$in": list(ids)}}, NEEDED))
    counts = Counter(document["id"] for document in found)
    shared = {batch_id for batch_id, number in counts.items() if number > 1}
    return {document["id"]: document for document in found}, shared
