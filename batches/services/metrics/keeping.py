"""Keeping sums and answers in MongoDB, at the state of the data they were made from.

A write of ours raises the data version, and any program's moves the server's own count of writes:
what is kept is never older than the data. But sums that took long to make (a second or more) are
used for ten times as long, a minute at most, and then made anew by one worker while the others go
on using them: many writers do not keep every reader waiting. An answer says of when it is.
"""

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from time import monotonic
from typing import Any

import pymongo
from django.utils import timezone
from pymongo.errors import DuplicateKeyError

from batches.models import DATA_VERSION, Batch
from batches.queries import metrics as queries
from batches.rules.metrics.tally import Cell, Held, Slice, Sums, Tally
from batches.rules.metrics.weeks import Calendar
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "metrics_cache"
HEAD, MAKING = "sums", "making"
CREW_VERSION = "crew"
FORM = 1  # raised when the form of what is kept changes
# Where the server does not tell its writes, those of other programs are seen after this long.
MAX_AGE = timedelta(minutes=2)
LONG_SECONDS, TIMES, LONGEST_USE = 1.0, 10, timedelta(seconds=60)
KEPT_FOR = timedelta(days=1)
SUPERSEDED_AFTER = timedelta(minutes=5)
CELLS_OF_PART = 5_000


@dataclass(frozen=True)
class Head:
    """Sums that are kept: the name of their parts, when they were made, and about whom."""

    token: str
    at: datetime
    people: list[str]


def sums() -> tuple[Head, Tally | None]:
    """Return the sums of now: those kept (only their head), or new ones, made and kept."""
    state = _state()
    kept = main_collection(COLLECTION).find_one({"_id": HEAD})
    if kept is None or not _is_alike(kept, state):
        return make()
    if _is_usable(kept, state) or (kept["took"] >= LONG_SECONDS and not _is_ours_to_make()):
        return _head(kept), None
    return make()


def make() -> tuple[Head, Tally]:
    """Add up all histories anew, and keep the sums. The state is read before the data."""
    state, started = _state(), monotonic()
    now = timezone.now().replace(microsecond=0)
    with pymongo.timeout(None):  # a page's deadline is for reads that are small
        tally = queries.tally(Calendar(timezone.get_current_timezone(), now))
        head = Head(token_hex(8), now, tally.people())
        _keep(head, tally, state, monotonic() - started)
    return head, tally


def load(head: Head) -> Tally | None:
    """Return kept sums, or None when parts of them are gone."""
    parts = list(main_collection(COLLECTION).find({"token": head.token, "part": {"$exists": True}}))
    if not parts or len(parts) != parts[0]["parts"]:
        return None
    tally = Tally(Calendar(timezone.get_current_timezone(), head.at), batches=parts[0]["batches"])
    for part in parts:
        for entry in part["cells"]:
            _read(entry, tally)
    return tally


def find_answer(head: Head, key: str) -> Document | None:
    """Return an answer that was made from these sums, or None."""
    found = main_collection(COLLECTION).find_one({"_id": _answer_id(head, key)})
    return found["value"] if found else None


def keep_answer(head: Head, key: str, value: Document) -> None:
    """Keep an answer beside the sums it was made from."""
    entry = {"token": head.token, "value": value, "at": head.at, "expires_at": _expiry()}
    main_collection(COLLECTION).replace_one({"_id": _answer_id(head, key)}, entry, upsert=True)


def _state() -> Document:
    """Return what the sums depend on. A day more makes more overdue."""
    return {
        "form": FORM,
        "zone": str(timezone.get_current_timezone()),
        "day": str(timezone.localdate()),
        "versions": [versions.current(DATA_VERSION), versions.current(CREW_VERSION)],
        "writes": versions.writes_of(Batch.COLLECTION),
    }


def _is_alike(kept: Document, state: Document) -> bool:
    """Tell whether kept sums are of today, and in today's form: younger data changes only them."""
    return all(kept["state"].get(name) == state[name] for name in ("form", "zone", "day"))


def _is_usable(kept: Document, state: Document) -> bool:
    age = datetime.now(UTC) - kept["at"]
    if kept["state"] == state:
        return bool(state["writes"]) or age < MAX_AGE
    use = timedelta(seconds=TIMES * kept["took"])
    return bool(kept["took"] >= LONG_SECONDS and age < min(use, LONGEST_USE))


def _is_ours_to_make() -> bool:
    """Claim to make long sums anew; false while somebody else began to, a minute at most."""
    now = datetime.now(UTC)
    free = {"_id": MAKING, "at": {"$lte": now - LONGEST_USE}}
    claim = {"$set": {"at": now, "token": MAKING, "expires_at": _expiry()}}
    try:
        main_collection(COLLECTION).update_one(free, claim, upsert=True)
    except DuplicateKeyError:
        return False
    return True


def _head(kept: Document) -> Head:
    return Head(kept["token"], kept["at"], kept["people"])


def _keep(head: Head, tally: Tally, state: Document, took: float) -> None:
    """Keep the parts, then the head that names them; forget what it supersedes."""
    cells = list(_entries(tally))
    chunks = [cells[i : i + CELLS_OF_PART] for i in range(0, len(cells), CELLS_OF_PART)] or [[]]
    common = {"token": head.token, "at": head.at, "expires_at": _expiry()}
    collection = main_collection(COLLECTION)
    collection.insert_many(
        {
            **common, "_id": f"{HEAD}:{head.token}:{number}", "part": number,
            "parts": len(chunks), "batches": tally.batches, "cells": chunk,
        }
        for number, chunk in enumerate(chunks)
    )  # fmt: skip
    about = {"state": state, "took": took, "people": head.people}
    collection.replace_one({"_id": HEAD}, {**common, **about}, upsert=True)
    superseded = {
        "token": {"$nin": [head.token, MAKING]},
        "at": {"$lt": head.at - SUPERSEDED_AFTER},
    }
    collection.delete_many(superseded)


def _entries(tally: Tally) -> Iterator[list[Any]]:
    """Yield the sums as short lists: a slice, a person, and a week's counts and minutes; or,
    with no week, what the person holds."""
    for key, sums_of in tally.slices.items():
        for (week, person), cell in sums_of.cells.items():
            yield [*key, person, week, cell.counts, cell.minutes.tobytes()]
        for person, held in sums_of.held.items():
            yield [*key, person, None, [held.open, held.overdue], b""]


def _read(entry: list[Any], tally: Tally) -> None:
    series, priority, person, week, counts, minutes = entry
    sums_of = tally.slices.setdefault(Slice(series, priority), Sums())
    if week is None:
        sums_of.held[person] = Held(*counts)
    else:
        sums_of.cells[week, person] = Cell(counts, array("I", minutes))


def _answer_id(head: Head, key: str) -> str:
    return f"answer:{head.token}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _expiry() -> datetime:
    return datetime.now(UTC) + KEPT_FOR
