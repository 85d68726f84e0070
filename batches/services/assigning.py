"""Handing out work: the next batch for whoever asks, even distribution, moving a person's work."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from pymongo import ReturnDocument

from batches.models import DATA_VERSION, Batch
from batches.queries.selection import documents_with_ids
from batches.rules.changes import Asker
from batches.rules.distributing import Share, plan_distribution
from batches.rules.states import BatchError, Priority, Status
from batches.services import operations, writing
from batches.services.changing import BulkReport, change_many
from batches.services.operations import Kind
from crew import queries as crew_queries
from crew.work import work
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo import leases, versions
from segmentacion.mongo.clients import Document, main_collection

OPEN = [str(Status.NOT_SEGMENTED), str(Status.IN_PROGRESS)]
PULL_SECONDS = 10.0


class NothingLeftError(BatchError):
    """There is no batch to hand out."""


class WorkInProgressError(BatchError):
    """The person holds as many open batches as the limit allows."""

    def __init__(self, held: int, limit: int) -> None:
        super().__init__(
            f"Ya tienes {held} batches abiertos y el límite es {limit}: termina uno antes de "
            "tomar otro."
        )


class BusyError(BatchError):
    """The same person's other request is being served."""


def next_batch(person: str, *, actor: Actor, operation: str | None = None) -> Document:
    """Give a person the next unassigned batch: by priority, then due date, then id.

    The taking is one atomic update, so no batch goes to two people; a lease per person keeps
    two requests of the same one from passing the limit together. Repeating an `operation` gives
    the same batch. Raises NothingLeftError, WorkInProgressError, BusyError, UnknownPersonError.
    """
    crew_queries.find(person)
    lease = _acquire(f"next:{person}")
    try:
        if operation and (taken := _taken_by(person, operation)):
            return taken
        held = main_collection(Batch.COLLECTION).count_documents(
            {"assignee": person, "status": {"$in": OPEN}}
        )
        if held >= settings.WIP_LIMIT:
            raise WorkInProgressError(held, settings.WIP_LIMIT)
        return _take(person, actor, operation or new_operation())
    finally:
        lease.release()


def plan_shares(documents: Sequence[Document], weights: Mapping[str, float]) -> list[Share]:
    """Plan an even distribution of batches over people, by their open load and weight."""
    loads = {name: load.ns + load.in_progress for name, load in work().loads().items()}
    ids = [document["id"] for document in documents if isinstance(document.get("id"), str)]
    return plan_distribution(ids, loads=loads, weights=weights)


@dataclass
class DistributionReport:
    """What a distribution did, as one operation."""

    operation: str
    changed: int
    refused: list[tuple[str, str]]


def distribute(shares: Sequence[Share], *, asker: Asker, actor: Actor) -> DistributionReport:
    """Carry out a planned distribution; one operation, undone as one."""
    operation = new_operation()
    documents = documents_with_ids([i for share in shares for i in share.ids])
    by_id = {document["id"]: document for document in documents}
    operations.begin(
        operation,
        kind=Kind.DISTRIBUTE,
        actor=actor,
        keys=[document["_id"] for document in documents],
        fields=["assignee", "metadata.assigned_at"],
        summary=", ".join(f"{share.person}: {len(share.ids)}" for share in shares),
    )
    report = DistributionReport(operation, 0, [])
    for share in shares:
        part = change_many(
            [by_id[i] for i in share.ids if i in by_id],
            {"assignee": share.person},
            asker=asker,
            actor=actor,
            operation=operation,
            kind=Kind.DISTRIBUTE,
        )
        report.changed += part.changed
        report.refused += part.refused
    operations.finish(operation, changed=report.changed)
    return report


def transfer_open(
    person: str, to: Sequence[str], *, asker: Asker, actor: Actor
) -> BulkReport | DistributionReport:
    """Move all open work of a person to another, or evenly to several. Raises BatchError."""
    if not to or person in to:
        raise BatchError("Elige a quién se pasa el trabajo: a otra persona o a varias.")
    condition = {"assignee": person, "status": {"$in": OPEN}}
    documents = list(
        main_collection(Batch.COLLECTION).find(condition, {"history": 0}).sort("id", 1)
    )
    if len(to) == 1:
        return change_many(
            documents,
            {"assignee": to[0]},
            asker=asker,
            actor=actor,
            kind=Kind.TRANSFER,
            summary=f"{person} → {to[0]}",
        )
    return distribute(plan_shares(documents, dict.fromkeys(to, 1.0)), asker=asker, actor=actor)


def _acquire(name: str) -> leases.Lease:
    deadline = time.monotonic() + PULL_SECONDS
    while True:
        try:
            return leases.acquire(name, seconds=PULL_SECONDS)
        except leases.LeaseTaken as taken:
            if time.monotonic() > deadline:
                raise BusyError("Tu otra petición sigue en curso; espera un momento.") from taken
            time.sleep(0.02)


def _taken_by(person: str, operation: str) -> Document | None:
    condition = {"assignee": person, "history.operation": operation}
    return main_collection(Batch.COLLECTION).find_one(condition, {"history": 0})


def _take(person: str, actor: Actor, operation: str) -> Document:
    now = datetime.now(UTC)
    pipeline = writing.change_pipeline(
        {"assignee": person, "metadata.assigned_at": now},
        actor=actor,
        operation=operation,
        now=now,
    )
    for condition in _in_order():
        document = main_collection(Batch.COLLECTION).find_one_and_update(
            {"assignee": {"$in": [None, ""]}, "status": str(Status.NOT_SEGMENTED), **condition},
            pipeline,
            sort=[("metadata.due_date", 1), ("id", 1)],
            projection={"history": 0},
            return_document=ReturnDocument.AFTER,
        )
        if document is not None:
            versions.bump(DATA_VERSION)
            _record(document, actor, operation, person)
            return document
    raise NothingLeftError("No quedan batches sin asignar.")


def _in_order() -> list[Document]:
    """Return conditions in the order work is taken: priority, and within it dated ones first."""
    priorities: list[Any] = [str(priority) for priority in Priority]
    conditions = []
    for priority in [*priorities, {"$nin": priorities}]:
        conditions.append({"metadata.priority": priority, "metadata.due_date": {"$type": "date"}})
        conditions.append(
            {"metadata.priority": priority, "metadata.due_date": {"$not": {"$type": "date"}}}
        )
    return conditions


def _record(document: Document, actor: Actor, operation: str, person: str) -> None:
    operations.begin(
        operation,
        kind=Kind.NEXT,
        actor=actor,
        keys=[document["_id"]],
        fields=["assignee", "metadata.assigned_at"],
        summary=f"{document.get('id')} → {person}",
    )
    operations.finish(operation, changed=1)
