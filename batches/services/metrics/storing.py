"""The sums and answers as they lie in MongoDB, for all workers.

A head names the parts that hold the sums, and says at which state of the data they were made. Parts
are never changed: other sums have other parts, and what a head no longer names goes after a while.
"""

import hashlib
import json
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.utils import timezone
from pymongo.client_session import ClientSession

from batches.rules.metrics.tally import Cell, Held, Slice, Sums, Tally
from batches.rules.metrics.weeks import Calendar
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "metrics_cache"
HEAD, MAKING = "sums", "making"
KEPT_FOR = timedelta(days=1)
SUPERSEDED_AFTER = timedelta(minutes=5)
CELLS_OF_PART = 5_000
AT_ONCE = 100


@dataclass(frozen=True)
class Head:
    """Sums that are kept: the name of their parts, when they were made, and about whom."""

    token: str
    at: datetime
    people: list[str]


def find_head() -> Document | None:
    """Return what is kept about the present sums: see `keep`."""
    return main_collection(COLLECTION).find_one({"_id": HEAD})


def head_of(kept: Document) -> Head:
    """Return the head as others know it."""
    return Head(kept["token"], kept["at"], kept["people"])


def load(head: Head) -> Tally | None:
    """Return kept sums, or None when parts of them are gone."""
    parts = list(main_collection(COLLECTION).find({"token": head.token, "part": {"$exists": True}}))
    if not parts or len(parts) != parts[0]["parts"]:
        return None
    tally = Tally(Calendar(timezone.get_current_timezone(), head.at), batches=parts[0]["batches"])
    for part in parts:
        for entry in json.loads(zlib.decompress(part["cells"])):
            _read(entry, tally)
    return tally


def add_parts(head: Head, tally: Tally, session: ClientSession | None = None) -> None:
    """Keep sums under the head's name; nobody reads them until a head is kept that says so."""
    cells = list(_entries(tally))
    chunks = [cells[i : i + CELLS_OF_PART] for i in range(0, len(cells), CELLS_OF_PART)] or [[]]
    about = {"parts": len(chunks), "batches": tally.batches}
    documents = [
        {**lasting(head.token, head.at), **about, "part": number, "cells": _packed(chunk)}
        for number, chunk in enumerate(chunks)
    ]
    add(documents, "part", session)


def add(documents: Iterable[Document], what: str, session: ClientSession | None = None) -> None:
    """Keep documents of one kind, told apart by their token and their number. Memory holds some."""
    named = ({"_id": f"{what}:{one['token']}:{one[what]}", **one} for one in documents)
    while some := list(islice(named, AT_ONCE)):
        main_collection(COLLECTION).insert_many(some, session=session)


def keep(head: Head, about: Document) -> None:
    """Make these the sums of now, whatever was before, and forget what they supersede.

    `about` is `state` (of the data), `took` (seconds), and what following needs: `position` in the
    change stream, `renames`, and the `base` and `blocks` of the shares.
    """
    collection = main_collection(COLLECTION)
    kept = {**lasting(head.token, head.at), "people": head.people, **about}
    collection.replace_one({"_id": HEAD}, kept, upsert=True)
    forget_before(head, about["base"])


def forget_before(head: Head, base: str) -> None:
    """Remove what neither this head nor one of the last minutes names."""
    superseded = {
        "token": {"$nin": [head.token, base, MAKING]},
        "at": {"$lt": head.at - SUPERSEDED_AFTER},
    }
    main_collection(COLLECTION).delete_many(superseded)


def find_answer(head: Head, key: str) -> Document | None:
    """Return an answer that was made from these sums, or None."""
    found = main_collection(COLLECTION).find_one({"_id": _answer_id(head, key)})
    return found["value"] if found else None


def keep_answer(head: Head, key: str, value: Document) -> None:
    """Keep an answer beside the sums it was made from."""
    entry = {**lasting(head.token, head.at), "value": value}
    main_collection(COLLECTION).replace_one({"_id": _answer_id(head, key)}, entry, upsert=True)


def lasting(token: str, at: datetime) -> Document:
    """Return what everything here carries: what it belongs to, of when, and when it goes."""
    return {"token": token, "at": at, "expires_at": datetime.now(UTC) + KEPT_FOR}


def _entries(tally: Tally) -> Iterator[list[Any]]:
    """Yield the sums as short lists: a slice, a person, and a week's counts and minutes; or,
    with no week, what the person holds."""
    for key, sums_of in tally.slices.items():
        for (week, person), cell in sums_of.cells.items():
            yield [*key, person, week, [*cell.counts, cell.facts], cell.minutes.tolist()]
        for person, held in sums_of.held.items():
            yield [*key, person, None, [held.open, held.overdue], []]


def _packed(cells: list[list[Any]]) -> bytes:
    """Return cells as they are stored, a tenth as large: they are written anew after changes."""
    return zlib.compress(json.dumps(cells).encode(), 1)


def _read(entry: list[Any], tally: Tally) -> None:
    series, priority, person, week, counts, minutes = entry
    sums_of = tally.slices.setdefault(Slice(series, priority), Sums())
    if week is None:
        sums_of.held[person] = Held(*counts)
    else:
        *counts, facts = counts
        sums_of.cells[week, person] = Cell(counts, array("I", minutes), facts)


def _answer_id(head: Head, key: str) -> str:
    return f"answer:{head.token}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
