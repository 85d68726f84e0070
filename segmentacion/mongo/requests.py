"""Requests that carry a key of their caller's: repeated, one does nothing twice.

A document of `requests` per key: who asked, what for, and the answer once there is one. While
there is none, a single process holds the key and renews its hold; a holder that was killed loses
it within seconds, and the repeated request goes on where that one stopped. Documents leave a
week later by themselves.
"""

import secrets
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "requests"
KEPT_SECONDS = 7 * 24 * 3600
HOLD_SECONDS = 6.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KeyInUseError(Exception):
    """The key belongs to another person's request, or to a different one."""

    def __init__(self) -> None:
        super().__init__(
            "Esa clave (Idempotency-Key u «operation») ya se usó para otra petición: usa una nueva."
        )


class StillRunningError(Exception):
    """The first request with this key is being served right now."""

    def __init__(self) -> None:
        super().__init__("Esa misma petición sigue en curso. Espera un momento y repítela.")


@dataclass(frozen=True)
class Request:
    """What identifies a request: its key, the account, the kind, and a digest of its content."""

    key: str
    who: str
    what: str
    digest: str


@dataclass(frozen=True)
class Answer:
    """What was answered to a request."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Hold:
    """The right to serve a request. `resumed`: another began it and did not finish."""

    key: str
    holder: str
    resumed: bool

    def keep(self, answer: Answer) -> None:
        """Store the answer for whoever repeats the request, and end the hold."""
        body = zlib.compress(answer.body, 1)
        self._end({"$set": {"status": answer.status, "body": body}, "$unset": HELD})

    def forget(self) -> None:
        """Free the key: nothing was done."""
        main_collection(COLLECTION).delete_one({"_id": self.key, "holder": self.holder})

    def release(self) -> None:
        """Let the next one go on. The server away: the hold ends by itself."""
        try:
            self._end({"$unset": HELD})
        except PyMongoError:
            return

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the hold from a thread while the block runs."""
        done = threading.Event()
        thread = threading.Thread(target=self._renew, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew(self, done: threading.Event) -> None:
        mine = {"_id": self.key, "holder": self.holder}
        while not done.wait(HOLD_SECONDS / 3):
            try:
                main_collection(COLLECTION).update_one(mine, [{"$set": {"until": _until()}}])
            except PyMongoError:
                continue

    def _end(self, update: Document) -> None:
        main_collection(COLLECTION).update_one({"_id": self.key, "holder": self.holder}, update)


HELD = {"holder": "", "until": ""}


def claim(request: Request) -> Hold | Answer | None:
    """Take a request, or return its answer; None while another is serving it.

    Raises KeyInUseError.
    """
    holder = secrets.token_hex(8)
    document = _taken(request, holder)
    same = (document["who"], document["what"], document["digest"])
    if same != (request.who, request.what, request.digest):
        raise KeyInUseError
    if "status" in document:
        return Answer(int(document["status"]), zlib.decompress(document["body"]))
    if document.get("holder") != holder:
        return None
    return Hold(request.key, holder, resumed=document["attempts"] > 1)


def _taken(request: Request, holder: str) -> Document:
    """Return the key's document, made or taken over in the same update where that may be."""
    asked = {"who": request.who, "what": request.what, "digest": request.digest}
    free: list[Document] = [
        {"$eq": [f"${name}", {"$literal": value}]} for name, value in asked.items()
    ]
    free += [
        {"$eq": [{"$type": "$status"}, "missing"]},
        {"$lte": [{"$ifNull": ["$until", EPOCH]}, "$$NOW"]},
    ]
    first = {n: {"$ifNull": [f"${n}", {"$literal": value}]} for n, value in asked.items()}
    taking = {
        "holder": {"$cond": ["$free", holder, "$holder"]},
        "until": {"$cond": ["$free", _until(), "$until"]},
        "attempts": {"$add": [{"$ifNull": ["$attempts", 0]}, {"$cond": ["$free", 1, 0]}]},
    }
    pipeline: list[Document] = [
        {"$set": {**first, "at": {"$ifNull": ["$at", "$$NOW"]}}},
        {"$set": {"free": {"$and": free}}},
        {"$set": taking},
        {"$unset": "free"},
    ]
    while True:
        try:
            found = main_collection(COLLECTION).find_one_and_update(
                {"_id": request.key},
                pipeline,
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # two made it at once: the other one's is there now
            continue
        if found is not None:
            return found


def _until() -> Document:
    return {"$add": ["$$NOW", int(HOLD_SECONDS * 1000)]}
