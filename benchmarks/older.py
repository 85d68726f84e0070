"""The floor a sync can reach, and its third version, as the team ran them before."""

import re
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from pymongo import MongoClient, UpdateOne

from masks import store

PATTERN = re.compile(r"batch_(T\d{6}|\d{6}F|\d+)", re.IGNORECASE)
Group = dict[str, tuple[int, datetime]]


def group() -> Group:
    """One covered scan of names and dates, grouped by batch."""
    groups: Group = {}
    for file in store.files().find({}, {"filename": 1, "uploadDate": 1, "_id": 0}):
        match = PATTERN.search(file["filename"])
        if match:
            key = "batch_" + match[1]
            count, latest = groups.get(key, (0, file["uploadDate"]))
            groups[key] = (count + 1, max(latest, file["uploadDate"]))
    return groups


def floor(batches: Any) -> None:
    """The covered scan, and one read of the batches' flags. Writes nothing."""
    group()
    for _ in batches.find({}, {"id": 1, "mongo_uploaded": 1, "file_info": 1, "_id": 0}):
        pass


def third_version(batches: Any, ids: list[str]) -> None:
    """One find and one bulk write over all batches, without history."""
    groups = group()
    patient(batches).bulk_write(
        [UpdateOne({"id": i}, {"$set": _fields(groups.get(i))}) for i in ids], ordered=False
    )


@cache
def _patient_client() -> MongoClient[Any]:
    options = {**settings.MONGO_OPTIONS, "socketTimeoutMS": 600_000}
    return MongoClient(settings.MONGO_URI, **options)


def patient(collection: Any) -> Any:
    """Return the collection through a client that waits: one command writes all batches, and on
    a busy machine takes longer than the product's own limit for a reply."""
    return _patient_client()[collection.database.name][collection.name]


def _fields(found: tuple[int, datetime] | None) -> dict[str, Any]:
    count, latest = found or (0, None)
    info = {"file_count": count, "last_file_upload": latest, "has_files": bool(count)}
    return {"mongo_uploaded": bool(count), "file_info": info}
