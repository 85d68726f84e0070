"""One at a time, across processes and hosts: a lease in MongoDB that expires by itself.

The clock is the server's (`$$NOW`), so hosts with differing clocks agree. Each taking raises
`fence`, so that a write of a holder that lost its lease can be told from the current one's.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from segmentacion.mongo.clients import Document, main_collection

logger = logging.getLogger("segmentacion.leases")

COLLECTION = "leases"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LeaseTaken(Exception):
    """Somebody else holds the lease; `holder` says who and for what."""

    def __init__(self, holder: Document) -> None:
        super().__init__("Ya en curso.")
        self.holder = holder


class LeaseLost(Exception):
    """The lease expired and may be held by another: the holder must stop writing."""


@dataclass
class Lease:
    """A lease held by this process until released or until `seconds` pass without renewal."""

    name: str
    holder: str
    fence: int
    seconds: float
    lost: threading.Event = field(default_factory=threading.Event)

    def renew(self) -> None:
        """Hold it for another `seconds`. Raises LeaseLost when it is no longer ours."""
        result = main_collection(COLLECTION).update_one(
            {"_id": self.name, "holder": self.holder, "fence": self.fence},
            [{"$set": {"expires_at": _expiry(self.seconds)}}],
        )
        if not result.matched_count:
            self.lost.set()
            raise LeaseLost(self.name)

    def check(self) -> None:
        """Raise LeaseLost when a renewal found the lease gone."""
        if self.lost.is_set():
            raise LeaseLost(self.name)

    def release(self) -> None:
        """Give it back. Not ours any more, or the server away: nothing happens, it expires."""
        try:
            main_collection(COLLECTION).update_one(
                {"_id": self.name, "holder": self.holder, "fence": self.fence},
                [{"$set": {"expires_at": "$$NOW", "holder": None}}],
            )
        except PyMongoError:
            logger.warning("Lease %s was not released; it expires by itself.", self.name)


def acquire(name: str, *, seconds: float, info: dict[str, Any] | None = None) -> Lease:
    """Take the lease, or raise LeaseTaken with the holder's document.

    `info` is stored with it, for whoever finds it taken (for instance the id of the run).
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    collection = main_collection(COLLECTION)
    taken: dict[str, Any] = {
        "holder": holder,
        "info": {"$literal": info or {}},
        "taken_at": "$$NOW",
        "expires_at": _expiry(seconds),
        "fence": {"$add": [{"$ifNull": ["$fence", 0]}, 1]},
    }
    # An upsert may not look at $$NOW, so the document is made first, already expired.
    collection.update_one({"_id": name}, {"$setOnInsert": {"expires_at": EPOCH}}, upsert=True)
    document = collection.find_one_and_update(
        {"_id": name, "$expr": {"$lte": ["$expires_at", "$$NOW"]}},
        [{"$set": taken}],
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        raise LeaseTaken(collection.find_one({"_id": name}) or {})
    return Lease(name, holder, int(document["fence"]), seconds)


@contextmanager
def held(name: str, *, seconds: float = 30, info: dict[str, Any] | None = None) -> Iterator[Lease]:
    """Hold a lease while the block runs, renewing it from a thread at a third of its life.

    Raises LeaseTaken on entry when another holds it. The block should call `lease.check()`
    before each write.
    """
    lease = acquire(name, seconds=seconds, info=info)
    done = threading.Event()
    thread = threading.Thread(target=_keep, args=(lease, done), name=f"lease-{name}", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        done.set()
        thread.join()
        lease.release()


def _keep(lease: Lease, done: threading.Event) -> None:
    while not done.wait(lease.seconds / 3):
        try:
            lease.renew()
        except LeaseLost:
            return
        except PyMongoError:
            logger.warning("Lease %s was not renewed; trying again.", lease.name)


def _expiry(seconds: float) -> Document:
    return {"$add": ["$$NOW", int(seconds * 1000)]}
