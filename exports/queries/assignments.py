"""Who holds what: the workload of a person, and the summary of the team."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from batches.models import Batch
from batches.queries.conditions import condition_of
from batches.rules.filters import BatchFilter
from batches.rules.states import Status
from crew import queries as crew_queries
from crew.rules import UnknownPersonError
from exports.rules.sheets import UNASSIGNED
from segmentacion.mongo.clients import Document, main_collection

SEPARATOR = ", "
NAMELESS = "(sin id)"


def known_name(name: str) -> str:
    """Return the name as batches carry it. Somebody who left the crew and still holds batches
    is known. Raises UnknownPersonError."""
    for spelling in dict.fromkeys((name, unicodedata.normalize("NFC", " ".join(name.split())))):
        if spelling and (spelling in crew_queries.names() or held_by(spelling)):
            return spelling
    raise UnknownPersonError(name)


def held_by(person: str) -> int:
    """Return how many batches this person holds now."""
    return main_collection(Batch.COLLECTION).count_documents({"assignee": person})


def first_assigned(person: str) -> datetime | None:
    """Return when the first of the person's batches was assigned (UTC); None when not known."""
    condition = {"assignee": person, "metadata.assigned_at": {"$type": "date"}}
    found = main_collection(Batch.COLLECTION).find_one(
        condition, {"metadata.assigned_at": 1}, sort=[("metadata.assigned_at", 1)]
    )
    moment = found["metadata"]["assigned_at"] if found else None
    return moment if isinstance(moment, datetime) else None


def workload(person: str, batch_filter: BatchFilter) -> Iterator[tuple[str, str, str]]:
    """Yield the person's batches by id, as rows without a status: the person fills it in."""
    with _batches_of(person, batch_filter, {"_id": 0, "id": 1}) as cursor:
        for document in cursor:
            yield (_id_of(document), person, "")


def people(batch_filter: BatchFilter) -> list[Any]:
    """Return who the summary is about, by name: the active crew, and whoever else holds batches
    that match; only those the filter names, if it names any."""
    names: set[Any] = set(crew_queries.names(active_only=True))
    names |= {
        name
        for name in main_collection(Batch.COLLECTION).distinct(
            "assignee", condition_of(batch_filter)
        )
        if name not in {None, ""}
    }
    if batch_filter.assignee:
        names &= set(batch_filter.assignee)
    return sorted(names, key=lambda name: (str(name).casefold(), str(name)))


def summary(names: list[Any], batch_filter: BatchFilter) -> Iterator[tuple[Any, ...]]:
    """Yield a row per person: counts by status, the share that is done, and the ids.

    One read per person gives counts and ids alike, so that a row agrees with itself. Batches of
    nobody come last, in a row of their own, if there are any.
    """
    for name in names:
        yield _summary_row(name, name, batch_filter)
    if not batch_filter.assignee or "" in batch_filter.assignee:
        row = _summary_row(UNASSIGNED, "", batch_filter)
        if row[1]:
            yield row


def _summary_row(title: Any, assignee: Any, batch_filter: BatchFilter) -> tuple[Any, ...]:
    ids = []
    counts: dict[Any, int] = dict.fromkeys(Status, 0)
    with _batches_of(assignee, batch_filter, {"_id": 0, "id": 1, "status": 1}) as cursor:
        for document in cursor:
            ids.append(_id_of(document))
            status = str(document.get("status") or Status.NOT_SEGMENTED)
            counts[status] = counts.get(status, 0) + 1
    done = counts[Status.SEGMENTED]
    share = done / len(ids) if ids else 0.0
    by_status = (counts[Status.NOT_SEGMENTED], counts[Status.IN_PROGRESS], done)
    return (title, len(ids), *by_status, share, SEPARATOR.join(ids))


def _batches_of(assignee: Any, batch_filter: BatchFilter, fields: Document) -> Any:
    """Return a cursor over what this person holds of what matches, by id."""
    if batch_filter.assignee and assignee not in batch_filter.assignee:
        condition: Document = {"id": {"$in": []}}
    else:
        condition = condition_of(replace(batch_filter, assignee=(assignee,)))
    return main_collection(Batch.COLLECTION).find(condition, fields, batch_size=2_000).sort("id", 1)


def _id_of(document: Document) -> str:
    return str(document.get("id") or NAMELESS)
