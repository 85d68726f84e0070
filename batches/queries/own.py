"""A person's own work: what was returned first, then by priority and due date.

One indexed read per stretch (index assignee, status, priority, due date, id), in order; how long
each stretch is says where a page begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from batches.models import Batch
from batches.queries.counts import kept
from batches.queries.pages import ROWS
from batches.rules.states import Priority, Review, Status
from segmentacion.mongo.clients import Document, main_collection

OPEN = [str(Status.NOT_SEGMENTED), str(Status.IN_PROGRESS)]
RETURNED: Document = {"metadata.review_status": str(Review.REJECTED)}
DATED: Document = {"metadata.due_date": {"$type": "date"}}
UNDATED: Document = {"metadata.due_date": {"$not": {"$type": "date"}}}
PRIORITIES: list[Document] = [
    *({"metadata.priority": str(priority)} for priority in Priority),
    {"metadata.priority": {"$nin": [str(priority) for priority in Priority]}},
]


@dataclass(frozen=True)
class OwnCounts:
    """How much a person holds. `open` includes what was returned."""

    open: int
    returned: int
    finished: int


def counts(person: str) -> OwnCounts:
    """Return how much a person holds at the current data version."""
    lengths = _lengths(person)
    finished = kept("own_finished", {"person": person}, lambda: _count(_finished(person)))
    return OwnCounts(open=sum(lengths), returned=lengths[0], finished=finished)


def open_work(person: str, *, page: int, per_page: int) -> list[Document]:
    """Return a page of a person's open batches, in the order they are to be done."""
    return list(_open_from(person, (page - 1) * per_page, per_page))


def finished_work(person: str, *, page: int, per_page: int) -> list[Document]:
    """Return a page of a person's finished batches, by id."""
    found = main_collection(Batch.COLLECTION).find(_finished(person), ROWS)
    return list(found.sort("id").skip((page - 1) * per_page).limit(per_page))


def _open_from(person: str, skip: int, wanted: int) -> Iterator[Document]:
    for stretch, length in zip(_stretches(person), _lengths(person), strict=True):
        if skip >= length or wanted <= 0:
            skip = max(0, skip - length)
            continue
        found = main_collection(Batch.COLLECTION).find(stretch, ROWS)
        ordered = found.sort([("metadata.due_date", 1), ("id", 1)]).skip(skip).limit(wanted)
        for document in ordered:
            wanted -= 1
            yield document
        skip = 0


def _stretches(person: str) -> list[Document]:
    """Return the conditions of a person's open work, in order; the first is what was returned."""
    mine: Document = {"assignee": person, "status": {"$in": OPEN}}
    rest = [
        {"$and": [mine, priority, dated, {"$nor": [RETURNED]}]}
        for priority in PRIORITIES
        for dated in (DATED, UNDATED)
    ]
    return [{**mine, **RETURNED}, *rest]


def _lengths(person: str) -> list[int]:
    lengths: list[int] = kept(
        "own_open", {"person": person}, lambda: [_count(part) for part in _stretches(person)]
    )
    return lengths


def _finished(person: str) -> Document:
    return {"assignee": person, "status": str(Status.SEGMENTED)}


def _count(condition: Document) -> int:
    return main_collection(Batch.COLLECTION).count_documents(condition)
