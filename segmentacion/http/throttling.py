"""How often somebody may ask for something dear, counted in MongoDB for all processes together.

Windows are fixed (a minute, an hour) and cut by the server's clock, so that hosts whose clocks
differ count alike. Each group and asker has one document, which removes itself when unused.
"""

from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from segmentacion.env import Rate
from segmentacion.mongo.clients import main_collection

COLLECTION = "rate_limits"


class TooManyRequests(Exception):
    """The limit is reached; `retry_after` is in how many whole seconds it begins anew."""

    def __init__(self, retry_after: int) -> None:
        noun = "segundo" if retry_after == 1 else "segundos"
        super().__init__(
            f"Demasiadas peticiones seguidas. Intenta de nuevo en {retry_after:,} {noun}."
        )
        self.retry_after = retry_after


def check_rate(group: str, who: str, rate: Rate | None) -> None:
    """Count one request of `who` in this group. Raises TooManyRequests beyond the rate.

    Writes one document. Two first requests at once may both insert: the second then counts.
    """
    if rate is None:
        return
    try:
        counted = _count(f"{group}:{who}", rate)
    except DuplicateKeyError:
        counted = _count(f"{group}:{who}", rate)
    if counted["count"] > rate.times:
        left = (counted["expires_at"] - counted["at"]).total_seconds()
        raise TooManyRequests(max(1, -int(-left // 1)))


def _count(key: str, rate: Rate) -> dict[str, Any]:
    """Add one to the window of now, or begin it, in one atomic update; return the document."""
    length = rate.seconds * 1000
    since = {"$subtract": ["$$NOW", {"$mod": [{"$toLong": "$$NOW"}, length]}]}
    same = {"$eq": ["$window", "$_now"]}
    counted: Any = main_collection(COLLECTION).find_one_and_update(
        {"_id": key},
        [
            {"$set": {"_now": since}},
            {"$set": {"count": {"$cond": [same, {"$add": ["$count", 1]}, 1]}}},
            {"$set": {"window": "$_now", "at": "$$NOW", "expires_at": {"$add": ["$_now", length]}}},
            {"$unset": "_now"},
        ],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return dict(counted)
