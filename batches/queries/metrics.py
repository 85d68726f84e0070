"""Reading the histories of all batches for the figures: streamed, and only what says something."""

import re
from collections.abc import Iterator
from datetime import datetime

from batches.models import Batch
from batches.rules.metrics.lives import WATCHED, facts_of
from batches.rules.metrics.people import People, Rename
from batches.rules.metrics.tally import Tally
from batches.rules.metrics.weeks import Calendar
from crew.models import Segmenter
from segmentacion.memory import collector_paused
from segmentacion.mongo import trash
from segmentacion.mongo.clients import NAIVE, Document, main_collection

AT_ONCE = 2_000
STATE: Document = {
    "_id": 0,
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


def tally(calendar: Calendar) -> Tally:
    """Add up everything that happened. Memory holds one stretch of batches and the sums."""
    sums, people = Tally(calendar), People(renames())
    with collector_paused():
        for document in _batches():
            sums.add(document, facts_of(document, people, calendar.zone))
    return sums


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
    following = [*(entry.get("name") for entry in entries[1:]), document.get("name")]
    for entry, new in zip(entries, following, strict=True):
        old, at = entry.get("name"), entry.get("until")
        if isinstance(old, str) and isinstance(new, str) and isinstance(at, datetime):
            yield Rename(old, new, at)


def _recorded() -> Iterator[Rename]:
    condition = {"kind": "person", "part": 0, "summary": {"$regex": " ahora se llama "}}
    for record in main_collection("operations").find(condition, {"summary": 1, "at": 1}):
        match = RENAMED.fullmatch(str(record["summary"]))
        if match and isinstance(record.get("at"), datetime):
            yield Rename(match["old"], match["new"], record["at"])


def _batches() -> Iterator[Document]:
    batches = main_collection(Batch.COLLECTION).with_options(codec_options=NAIVE)
    pipeline: list[Document] = [{"$project": {**STATE, "history": EVENTS}}]
    yield from batches.aggregate(pipeline, batchSize=AT_ONCE)
