"""Reading the histories of all batches for the figures: streamed, and only what says something."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from batches.models import Batch
from batches.rules.metrics.lives import WATCHED, facts_of
from batches.rules.metrics.people import People, Rename
from batches.rules.metrics.tally import Share, share_of
from batches.rules.metrics.weeks import Calendar
from crew.models import Segmenter
from segmentacion.memory import collector_paused
from segmentacion.mongo import trash
from segmentacion.mongo.clients import NAIVE, Document, main_collection

AT_ONCE = 2_000
STATE: Document = {
    "id": 1,
    "assignee": 1,
    "status": 1,
    "created_at": 1,
    "completed_at": 1,
    "reviewed_at": 1,
    "metadata.assigned_at": 1,
    "metadata.review_status": 1,
    "metadata.priority": 1,
    "metadata.due_date": 1,
}
# The server leaves out comments, notes and marks, which are most of a history.
_FIELDS: Document = {"$cond": [{"$isArray": ["$$event.changes"]}, "$$event.changes.field", []]}
_SAYS: Document = {"$gt": [{"$size": {"$setIntersection": [_FIELDS, list(WATCHED)]}}, 0]}
EVENTS: Document = {
    "$filter": {
        "input": {"$cond": [{"$isArray": ["$history"]}, "$history", []]},
        "as": "event",
        "cond": {"$and": [{"$eq": [{"$type": "$$event"}, "object"]}, _SAYS]},
    }
}
# What a rename was recorded as before the person's own document did.
RENAMED = re.compile(r"(?P<old>.+) ahora se llama (?P<new>.+)", re.DOTALL)


def shares(
    calendar: Calendar, people: People, keys: Sequence[Any] | None = None
) -> Iterator[tuple[Any, Share]]:
    """Yield the `_id` of every batch, or of those among `keys`, and what it adds to the sums.

    Memory holds one stretch of batches.
    """
    batches = main_collection(Batch.COLLECTION).with_options(codec_options=NAIVE)
    among: list[Document] = [] if keys is None else [{"$match": {"_id": {"$in": list(keys)}}}]
    pipeline = [*among, {"$project": {**STATE, "history": EVENTS}}]
    with collector_paused():
        for document in batches.aggregate(pipeline, batchSize=AT_ONCE):
            facts = facts_of(document, people, calendar.zone)
            yield document["_id"], share_of(document, facts, calendar)


def renames() -> list[Rename]:
    """Return every rename known: of people of the crew, of those in the trash, and recorded."""
    documents = list(main_collection(Segmenter.COLLECTION).find({"former_names.0": {"$exists": 1}}))
    documents += [entry["document"] for entry in trash.of_kind("person")]
    found = [rename for document in documents for rename in _former(document)]
    return found + list(_recorded())


def _former(document: Document) -> Iterator[Rename]:
    """Yield the renames of a person, each to the name that came after it."""
    former = document.get("former_names")
    entries = [e for e in former if isinstance(e, dict)] if isinstance(former, list) else []
    names = [*(entry.get("name") for entry in entries), document.get("name")]
    for entry, (old, new) in zip(entries, pairwise(names), strict=True):
        at = entry.get("until")
        if isinstance(old, str) and isinstance(new, str) and isinstance(at, datetime):
            yield Rename(old, new, at)


def _recorded() -> Iterator[Rename]:
    condition = {"kind": "person", "part": 0, "summary": {"$regex": " ahora se llama "}}
    for record in main_collection("operations").find(condition, {"summary": 1, "at": 1}):
        match = RENAMED.fullmatch(str(record["summary"]))
        if match and isinstance(record.get("at"), datetime):
            yield Rename(match["old"], match["new"], record["at"])
