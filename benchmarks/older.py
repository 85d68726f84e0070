"""The floor a sync can reach, and its third version, as the team ran them before."""

import re
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

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
    batches.bulk_write(
        [UpdateOne({"id": i}, {"$set": _fields(groups.get(i))}) for i in ids], ordered=False
    )


def _fields(found: tuple[int, datetime] | None) -> dict[str, Any]:
    count, latest = found or (0, None)
    info = {"file_count": count, "last_file_upload": latest, "has_files": bool(count)}
    return {"mongo_uploaded": bool(count), "file_info": info}
