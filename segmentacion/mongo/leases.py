"""One at a time, across processes and hosts: a lease in MongoDB that expires by itself.

The clock is the server's (`$$NOW`), so hosts with differing clocks agree. Each taking raises
`fence`, so that a write of a holder that lost its lease can be told from the current one's.

Writes elsewhere are fenced by the same clock: `lease.confirm()` gives the condition that a write
carries, and a holder that was stopped beyond its time matches nothing (docs/decisions/0014). What
a holder must remember for the next one (`state`) is kept in the lease's own document.
"""

import logging
import os
import re
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from segmentacion.mongo.clients import Document, main_collection, main_database

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
    """A lease held by this process until released or until `seconds` pass without renewal.

    `taken_at` and `expires_at` are the server's time; `state` is what was kept when it was taken.
    """

    name: str
    holder: str
    fence: int
    seconds: float
    taken_at: datetime = EPOCH
    expires_at: datetime = EPOCH
    state: Document | None = None
    lost: threading.Event = field(default_factory=threading.Event)
    promised: datetime | None = None

    def renew(self) -> None:
        """Hold it for another `seconds`. Raises LeaseLost when it is no longer ours."""
        self._write({})

    def confirm(self) -> Document:
        """Renew now and return the condition for the writes of the command that follows.

        Raises LeaseLost when the lease is another's, or when the condition handed out before
        this one ran out: writes that carried it may have been left out.
        """
        self.check()
        self.renew()
        now = self.expires_at - timedelta(seconds=self.seconds)
        if self.promised is not None and now >= self.promised:
            raise LeaseLost(self.name)
        self.promised = self.expires_at
        return self.guard()

    def guard(self) -> Document:
        """Return a condition that holds while the lease, as last renewed, has not expired.

        The server evaluates it at the write, by its own clock. It cannot be part of an upsert.
        """
        return {"$expr": {"$lt": ["$$NOW", self.expires_at]}}

    def save_state(self, state: Document) -> None:
        """Keep `state` for whoever holds the lease next, and renew.

        Raises LeaseLost, and keeps nothing, when `confirm` would.
        """
        in_time = self.promised or self.expires_at
        self._write({"state": {"$literal": state}}, {"$expr": {"$lt": ["$$NOW", in_time]}})
        self.state = state

    def _write(self, values: Document, condition: Document | None = None) -> None:
        ours = {"_id": self.name, "holder": self.holder, "fence": self.fence}
        document = main_collection(COLLECTION).find_one_and_update(
            {**ours, **(condition or {})},
            [{"$set": {"expires_at": _expiry(self.seconds), **values}}],
            projection={"expires_at": 1},
            return_document=ReturnDocument.AFTER,
        )
        if document is None:
            self.lost.set()
            raise LeaseLost(self.name)
        self.expires_at = max(self.expires_at, document["expires_at"])

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
    document = _take(name, taken)
    if document is None:
        # An upsert may not look at $$NOW, so the document is made first, already expired.
        made = {"$setOnInsert": {"expires_at": EPOCH}}
        collection.update_one({"_id": name}, made, upsert=True)
        document = _take(name, taken)
    if document is None:
        raise LeaseTaken(collection.find_one({"_id": name}, {"state": 0}) or {})
    return Lease(
        name,
        holder,
        int(document["fence"]),
        seconds,
        taken_at=document["taken_at"],
        expires_at=document["expires_at"],
        state=document.get("state"),
    )


def end_of_dead(name: str) -> bool:
    """Let go a lease whose holder, on this host, is known to be dead. Returns whether it was.

    Only for callers who hold a lock of this host that every holder of the lease holds.
    """
    mine = f"^{re.escape(socket.gethostname())}:"
    result = main_collection(COLLECTION).update_one(
        {"_id": name, "holder": {"$regex": mine}, "$expr": {"$gt": ["$expires_at", "$$NOW"]}},
        [{"$set": {"expires_at": "$$NOW", "holder": None}}],
    )
    return bool(result.modified_count)


def state_of(name: str) -> Document | None:
    """Return what the last holder kept, whoever holds the lease now."""
    found = main_collection(COLLECTION).find_one({"_id": name}, {"state": 1})
    return found.get("state") if found else None


def server_time() -> datetime:
    """Return the time by the clock of the main server, which leases go by."""
    moment: datetime = main_database().command("hello")["localTime"]
    return moment.replace(tzinfo=UTC)


def is_held(name: str, **info: Any) -> bool:
    """Tell whether somebody holds the lease (for this `info`) by the server's clock."""
    return holder_of(name, **info) is not None


def holder_of(name: str, **info: Any) -> Document | None:
    """Return the lease (for this `info`) without its state while somebody holds it, else None."""
    condition: Document = {f"info.{key}": value for key, value in info.items()}
    alive = {"$expr": {"$gt": ["$expires_at", "$$NOW"]}}
    return main_collection(COLLECTION).find_one({"_id": name, **condition, **alive}, {"state": 0})


def _take(name: str, taken: Document) -> Document | None:
    return main_collection(COLLECTION).find_one_and_update(
        {"_id": name, "$expr": {"$lte": ["$expires_at", "$$NOW"]}},
        [{"$set": taken}],
        return_document=ReturnDocument.AFTER,
    )


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
