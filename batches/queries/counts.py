"""Exact counts, kept in MongoDB with the data version they were counted at.

An exact count reads every key (26 ms per 100,000), so it is not done per request. A kept count
is good while no write of ours happened, and for half a minute at the most, because other
programs write to this database too. Where the server tells how often it was written to, it is not
used after theirs either: a page knows that from its session's read, and may keep the count in its
process; an `exact` one asks for it (one more small read) when nothing came along.

When a batch changes, every open page asks for the same counts at once: one thread of a process
makes a count, and of a dear one only one process does; the others wait for what it finds.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import encode
from django.core.cache import cache
from pymongo.collection import Collection
from pymongo.write_concern import WriteConcern

from batches.models import DATA_VERSION, Batch
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.turns import Turns

COLLECTION = "app_state"
MAX_AGE = timedelta(seconds=30)
TURN_SECONDS = 2.0
# What took longer the last time is not made by two processes at once.
DEAR_SECONDS, LOOK_SECONDS = 0.02, 0.01
# By how many writes a count may be ahead of who asks for it.
MOST_AHEAD = 100
_turns = Turns()


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
    deadline = time.monotonic() + TURN_SECONDS
    with _turns.of(key, seconds=TURN_SECONDS):
        if near and (found := cache.get(near)) is not None:
            return found[0]
        writes = seen if DATA_VERSION in of else []
        if exact and not writes:
            writes = versions.writes_of(Batch.COLLECTION)
        value, left = _shared(key, compute, of, writes, deadline)
        if near and left > timedelta(0):
            cache.set(near, (value,), left.total_seconds())
        return value


def _shared(
    key: str, compute: Callable[[], Any], of: Sequence[str], writes: list[Any], deadline: float
) -> tuple[Any, timedelta]:
    """Return the value all processes keep, made anew if needed, and how long it is still good.
    Until the deadline (monotonic) it waits for another process that is making it."""
    # A count that is lost is made again: it need not be on disk before an answer goes out.
    collection = main_collection(COLLECTION).with_options(write_concern=WriteConcern(w=1))
    while True:
        stored, version = _read(collection, key, of)
        left = _left(stored, version, writes)
        if stored is not None and left > timedelta(0):
            return stored["value"], left
        if stored is None or stored.get("took", 0) <= DEAR_SECONDS:
            break
        if time.monotonic() > deadline or _take_turn(collection, stored):
            break
        time.sleep(LOOK_SECONDS)
    now, began = datetime.now(UTC), time.monotonic()
    try:
        value = compute()
    except BaseException:
        collection.update_one({"_id": key}, {"$unset": {"turn": 1}})
        raise
    made = {"value": value, "version": version, "writes": writes, "at": now}
    took = time.monotonic() - began
    done: Document = {"$set": {**made, "took": took}, "$unset": {"turn": 1}}
    collection.update_one({"_id": key}, done, upsert=True)
    return value, MAX_AGE


def _read(
    collection: Collection[Document], key: str, of: Sequence[str]
) -> tuple[Document | None, list[Any]]:
    version_keys = [f"version:{kind}" for kind in of]
    found = {
        document["_id"]: document
        for document in collection.find({"_id": {"$in": [key, *version_keys]}})
    }
    return found.get(key), [found.get(one, {}).get("value", 0) for one in version_keys]


def _left(stored: Document | None, version: list[Any], writes: list[Any]) -> timedelta:
    """Return how long what is stored is still good; zero when it is of before a write."""
    if stored is None or stored["version"] != version:
        return timedelta(0)
    if writes and not _covers(stored.get("writes") or [], writes):
        return timedelta(0)
    age: timedelta = datetime.now(UTC) - stored["at"]
    return max(timedelta(0), MAX_AGE - age)


def _covers(made_at: list[Any], seen: list[Any]) -> bool:
    """Tell whether a count made at these numbers of writes has all that was seen: it may have some
    more, when another request read them later and was first to count. Many more are not of now:
    the numbers begin anew when a server starts."""
    made = dict(made_at)
    return made.keys() == {host for host, _ in seen} and all(
        0 <= made[host] - number <= MOST_AHEAD for host, number in seen
    )


def _take_turn(collection: Collection[Document], stored: Document) -> bool:
    """Take the turn to make a count anew, by the server's clock, unless another process has it, or
    has made it since this one was read."""
    free = {"$expr": {"$not": [{"$gt": ["$turn", "$$NOW"]}]}}
    until = {"$add": ["$$NOW", int(TURN_SECONDS * 1000)]}
    same = {"_id": stored["_id"], "at": stored["at"]}
    taken = collection.update_one({**same, **free}, [{"$set": {"turn": until}}])
    return taken.modified_count == 1
