"""Exact counts, kept in MongoDB with the data version they were counted at.

An exact count reads every key (26 ms per 100,000), so it is not done per request. A kept count
is good while no write of ours happened, and for half a minute at the most, because other
programs write to this database too. An `exact` one is not used after theirs either, where the
server tells how often it was written to (one more small read).
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import encode

from batches.models import DATA_VERSION, Batch
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "app_state"
MAX_AGE = timedelta(seconds=30)


def kept(
    name: str,
    subject: Document,
    compute: Callable[[], Any],
    *,
    of: Sequence[str] = (DATA_VERSION,),
    exact: bool = False,
) -> Any:
    """Return `compute()`, or what it returned for the same subject at this data version.

    `name` says what is computed, `subject` (a BSON-encodable document) of what, `of` which kinds
    of data it depends on. The result must be BSON-encodable.
    """
    key = f"{name}:{hashlib.sha256(encode(subject)).hexdigest()[:32]}"
    version_keys = [f"version:{kind}" for kind in of]
    collection = main_collection(COLLECTION)
    found = {
        document["_id"]: document
        for document in collection.find({"_id": {"$in": [key, *version_keys]}})
    }
    version: list[Any] = [found.get(one, {}).get("value", 0) for one in version_keys]
    if exact:
        version.append(versions.writes_of(Batch.COLLECTION))
    stored = found.get(key)
    now = datetime.now(UTC)
    if stored and stored["version"] == version and now - stored["at"] < MAX_AGE:
        return stored["value"]
    value = compute()
    collection.update_one(
        {"_id": key}, {"$set": {"value": value, "version": version, "at": now}}, upsert=True
    )
    return value
