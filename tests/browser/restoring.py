"""Putting a collection back as it was, while a page may still be looking at it."""

from collections.abc import Sequence
from typing import Any

from pymongo import ReplaceOne
from pymongo.collection import Collection


def put_back(collection: Collection[dict[str, Any]], documents: Sequence[dict[str, Any]]) -> None:
    """Replace what changed and remove what came; no document is missing in between."""
    writes = [ReplaceOne({"_id": d["_id"]}, d, upsert=True) for d in documents]
    if writes:
        collection.bulk_write(writes)
    collection.delete_many({"_id": {"$nin": [document["_id"] for document in documents]}})
