"""The board: a column per person, its counts, and its cards a page at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from batches.models import Batch
from batches.queries.conditions import condition_of
from batches.queries.counts import kept
from batches.queries.pages import ROWS
from batches.rules.filters import BatchFilter
from batches.rules.states import Status
from crew import queries as crew_queries
from crew.work import Load
from segmentacion.mongo.clients import Document, main_collection

UNASSIGNED = ""
HAS_ID: Document = {"id": {"$gt": ""}}


@dataclass(frozen=True)
class BoardColumn:
    """A person's batches, or those of nobody (`name` ""). `matching`: how many pass the filter;
    `load`: all held, whatever the filter. Work can be given only to an active one."""

    name: str
    active: bool
    load: Load
    matching: int
    documents: list[Document]
    next_cursor: str

    @property
    def open_load(self) -> int:
        return self.load.ns + self.load.in_progress


@dataclass(frozen=True)
class Cards:
    """Some cards of a column in order of id; the cursor leads to the next, "" after the last."""

    documents: list[Document]
    next_cursor: str


def columns(board_filter: BatchFilter, *, size: int) -> list[BoardColumn]:
    """Return the columns: nobody's first, then the active crew, then others who hold batches."""
    held = loads(BatchFilter())
    matching = loads(board_filter)
    active = crew_queries.names(active_only=True)
    gone = sorted(
        (name for name in matching if name not in {UNASSIGNED, *active}), key=str.casefold
    )
    shown = []
    for name in (UNASSIGNED, *active, *gone):
        count = matching.get(name, Load()).total
        found = cards(name, board_filter, size=size) if count else Cards([], "")
        load = held.get(name, Load())
        shown.append(
            BoardColumn(name, name not in gone, load, count, found.documents, found.next_cursor)
        )
    return shown


def cards(assignee: str, board_filter: BatchFilter, *, size: int, cursor: str = "") -> Cards:
    """Return the cards of a column after the cursor, which is an id."""
    holder: Document = {"assignee": assignee or {"$in": [None, ""]}}
    parts = [holder, {"id": {"$gt": cursor}}, condition_of(board_filter)]
    condition = {"$and": [part for part in parts if part]}
    found = main_collection(Batch.COLLECTION).find(condition, ROWS)
    documents = list(found.sort("id", 1).limit(size + 1))
    more = len(documents) > size
    return Cards(documents[:size], str(documents[size - 1]["id"]) if more else "")


def loads(board_filter: BatchFilter) -> dict[str, Load]:
    """Return how many batches each holds that pass a filter, as of now; "" is nobody."""
    condition = condition_of(board_filter)
    subject = {"condition": repr(condition), "day": str(timezone.localdate())}
    return _loads(kept("board", subject, lambda: _tally(condition), exact=True))


def recount_loads() -> dict[str, Load]:
    """Count now how many batches each holds."""
    return _loads(_tally({}))


def _loads(rows: list[list[Any]]) -> dict[str, Load]:
    counts: dict[str, dict[str, int]] = {}
    for assignee, status, count in rows:
        by_status = counts.setdefault(assignee, {})
        by_status[status] = by_status.get(status, 0) + count
    return {name: _load(by_status) for name, by_status in counts.items()}


def _tally(condition: Document) -> list[list[Any]]:
    groups = main_collection(Batch.COLLECTION).aggregate(
        [
            {"$match": {"$and": [HAS_ID, condition]} if condition else HAS_ID},
            {"$group": {"_id": ["$assignee", "$status"], "count": {"$sum": 1}}},
        ]
    )
    return [[_text(g["_id"][0]), _text(g["_id"][1]), g["count"]] for g in groups]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _load(by_status: dict[str, int]) -> Load:
    return Load(
        total=sum(by_status.values()),
        ns=by_status.get(Status.NOT_SEGMENTED, 0),
        in_progress=by_status.get(Status.IN_PROGRESS, 0),
        s=by_status.get(Status.SEGMENTED, 0),
    )


def heaviest(shown: Iterable[BoardColumn]) -> int:
    """Return the largest open load of a person, against which the others are drawn."""
    return max((column.open_load for column in shown if column.name), default=0)
