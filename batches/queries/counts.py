"""Exact counts, kept in MongoDB with the data version they were counted at.

An exact count reads every key (26 ms per 100,000), so it is not done per request. A kept count
is good while no write of ours happened, and for half a minute at the most, because other
programs write to this database too. Where the server tells how often it was written to, it is not
used after theirs either: a page knows that from its session's read, and may keep the count in its
process; an `exact` one asks for it (one more small read) when nothing came along.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import encode
from django.core.cache import cache

from batches.models import DATA_VERSION, Batch
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "app_state"
MAX_AGE = timedelta(seconds=30)
TURN_SECONDS = 2.0
# A count may ask for another one: the same thread may hold several.
_turns = tuple(threading.RLock() for _ in range(64))


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
    seen = versions.writes_seen(Batch.COLLECTION)
    near = f"{key}:{[versions.seen(one) for one in of]}{seen}".replace(" ", "") if seen else ""
    if near and (found := cache.get(near)) is not None:
        return found[0]
    with _in_turn(key):
        if near and (found := cache.get(near)) is not None:
            return found[0]
        writes = seen if DATA_VERSION in of else []
        if exact and not writes:
            writes = versions.writes_of(Batch.COLLECTION)
        value, left = _shared(key, compute, of, writes)
        if near and left > timedelta(0):
            cache.set(near, (value,), left.total_seconds())
        return value


@contextmanager
def _in_turn(key: str) -> Iterator[None]:
    """Let the threads that ask for the same count one after another: what the first counts is there
    for the others. When a batch changes, every open page asks at once. Nobody waits for ever."""
    turn = _turns[hash(key) % len(_turns)]
    mine = turn.acquire(timeout=TURN_SECONDS)
    try:
        yield
    finally:
        if mine:
            turn.release()


def _shared(
    key: str, compute: Callable[[], Any], of: Sequence[str], writes: list[Any]
) -> tuple[Any, timedelta]:
    """Return the value all processes keep, made anew if needed, and how long it is still good."""
    version_keys = [f"version:{kind}" for kind in of]
    collection = main_collection(COLLECTION)
    found = {
        document["_id"]: document
        for document in collection.find({"_id": {"$in": [key, *version_keys]}})
    }
    version: list[Any] = [found.get(one, {}).get("value", 0) for one in version_keys]
    stored, now = found.get(key), datetime.now(UTC)
    if stored and stored["version"] == version and writes in ([], stored.get("writes")):
        left = MAX_AGE - (now - stored["at"])
        if left > timedelta(0):
            return stored["value"], left
    value = compute()
    made = {"value": value, "version": version, "writes": writes, "at": now}
    collection.update_one({"_id": key}, {"$set": made}, upsert=True)
    return value, MAX_AGE
