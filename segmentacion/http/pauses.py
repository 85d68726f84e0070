"""Growing pauses: who fails again and again has to wait, each time longer, never for ever.

A document of `login_attempts` per key counts failures by the server's clock, for all processes
and hosts. An attempt is counted before it is known how it ends, in one atomic update, so that
many at once do not slip through together; one that goes well gives its count back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "login_attempts"
FORGET_SECONDS = 6 * 3600
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pace:
    """How pauses grow: the failure number `free` costs `first` seconds, each further one twice
    as many, `longest` at most."""

    free: int
    first: int
    longest: int


@dataclass(frozen=True)
class Counted:
    """One attempt, counted. `pause` is what it costs if it fails, in seconds."""

    key: str
    failures: int
    pause: int
    until: datetime | None


class PausedError(Exception):
    """There is a pause, which ends in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Paused for {seconds} s")
        self.seconds = seconds


def check(keys: Iterable[str]) -> None:
    """Raise PausedError while any of the keys has a pause. Counts nothing."""
    left = max((_left(document) for document in _found(list(keys))), default=0)
    if left:
        raise PausedError(left)


def count(key: str, pace: Pace, **about: str) -> Counted:
    """Count an attempt as a failure. Raises PausedError, counting it as refused, in a pause.

    `about` is stored in the document. Without failures for FORGET_SECONDS it begins anew.
    """
    try:
        stored = _update(key, pace, about)
    except DuplicateKeyError:  # two made it at once
        stored = _update(key, pace, about)
    if not stored["admitted"]:
        raise PausedError(max(1, _left(stored)))
    return Counted(key, int(stored["failures"]), int(stored["pause"]), stored.get("until"))


def give_back(counted: Counted) -> None:
    """Take back a count whose attempt went well, and the pause that it alone began."""
    ours = {"$and": [counted.pause > 0, {"$eq": ["$until", {"$literal": counted.until}]}]}
    main_collection(COLLECTION).update_one(
        {"_id": counted.key},
        [
            {
                "$set": {
                    "failures": {"$max": [0, {"$subtract": ["$failures", 1]}]},
                    "until": {"$cond": [ours, EPOCH, "$until"]},
                }
            }
        ],
    )


def forget(**about: Any) -> int:
    """Remove the counts that carry these values; return how many of them were pauses."""
    places = main_collection(COLLECTION)
    paused = sum(1 for document in _running(about) if _left(document))
    places.delete_many(about)
    return paused


def paused(**about: Any) -> list[Document]:
    """Return the counts with a pause now, among those that carry these values; `left`: seconds."""
    return [{**found, "left": left} for found in _running(about) if (left := _left(found))]


def _running(about: Document) -> list[Document]:
    now = {"now": "$$NOW"}
    return list(main_collection(COLLECTION).aggregate([{"$match": about}, {"$set": now}]))


def _found(keys: list[str]) -> list[Document]:
    return _running({"_id": {"$in": keys}})


def _left(document: Document) -> int:
    """Return for how many whole seconds a pause still lasts; 0: there is none."""
    until = document.get("until")
    seconds = (until - document["now"]).total_seconds() if until else 0.0
    return max(0, -int(-seconds // 1))


def _update(key: str, pace: Pace, about: dict[str, str]) -> Document:
    open_now = {"$lte": [{"$ifNull": ["$until", EPOCH]}, "$$NOW"]}
    alive = {"$gt": [{"$ifNull": ["$expires_at", EPOCH]}, "$$NOW"]}
    failures = {"$cond": [alive, {"$ifNull": ["$failures", 0]}, 0]}
    grown = {"$pow": [2, {"$min": [20, {"$subtract": ["$failures", pace.free]}]}]}
    longer = {"$min": [pace.longest, {"$multiply": [pace.first, grown]}]}
    pause = {"$cond": [{"$gte": ["$failures", pace.free]}, longer, 0]}
    # Without a pause it stays as it was: set to now, it would be in the future of another attempt
    # that began a moment before and is counted after.
    begins = {"$and": ["$admitted", {"$gt": ["$pause", 0]}]}
    ends = {"$add": ["$$NOW", {"$multiply": [1000, "$pause"]}]}
    kept = {"$add": [{"$max": ["$$NOW", "$until"]}, 1000 * FORGET_SECONDS]}
    stored: Any = main_collection(COLLECTION).find_one_and_update(
        {"_id": key},
        [
            {"$set": {name: {"$literal": value} for name, value in about.items()}},
            {"$set": {"now": "$$NOW", "admitted": open_now, "failures": failures}},
            {"$set": {"failures": {"$add": ["$failures", {"$cond": ["$admitted", 1, 0]}]}}},
            {"$set": {"pause": {"$cond": ["$admitted", pause, "$pause"]}}},
            {"$set": {"until": {"$cond": [begins, ends, "$until"]}}},
            {"$set": {"expires_at": kept}},
        ],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return dict(stored)
