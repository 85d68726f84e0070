"""Handing out work: the next batch for whoever asks, even distribution, moving a person's work."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from pymongo import ReturnDocument

from batches.models import DATA_VERSION, Batch
from batches.queries.selection import documents_with_ids
from batches.rules.changes import Asker
from batches.rules.distributing import DistributionError, Share, plan_distribution
from batches.rules.states import BatchError, Priority, Status
from batches.services import operations, writing
from batches.services.bulk import Many, Refusals, changed_since, done_by, still_to_do
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
    if taken := _before_taking(person, actor, operation):
        return taken
    lease = _acquire(f"next:{person}")
    try:
        taken = _before_taking(person, actor, operation)
        return taken or _take(person, actor, operation or new_operation())
    finally:
        lease.release()


def _before_taking(person: str, actor: Actor, operation: str | None) -> Document | None:
    """Return what this operation took before, if anything. Raises WorkInProgressError.

    Asked before the lease, so that who is refused keeps nobody waiting, and again under it.
    """
    if operation and (taken := _taken_by(person, operation)):
        _record(taken, actor, operation, person)
        return taken
    held = main_collection(Batch.COLLECTION).count_documents(
        {"assignee": person, "status": {"$in": OPEN}}
    )
    if held >= settings.WIP_LIMIT:
        raise WorkInProgressError(held, settings.WIP_LIMIT)
    return None


def plan_shares(documents: Sequence[Document], weights: Mapping[str, float]) -> list[Share]:
    """Plan an even distribution of batches over people, by their open load and weight."""
    loads = {name: load.ns + load.in_progress for name, load in work().loads().items()}
    ids = [document["id"] for document in documents if isinstance(document.get("id"), str)]
    return plan_distribution(ids, loads=loads, weights=weights)


@dataclass
class DistributionReport:
    """What a distribution did, as one operation; None when there was nothing to hand out."""

    operation: str | None
    shares: Sequence[Share] = ()
    matched: int = 0
    changed: int = 0
    refused: Refusals = field(default_factory=list)


def distribute(
    shares: Sequence[Share],
    *,
    asker: Asker,
    actor: Actor,
    operation: str | None = None,
    kind: Kind = Kind.DISTRIBUTE,
    summary: str = "",
    refused: Sequence[tuple[str, str]] = (),
) -> DistributionReport:
    """Carry out a planned distribution; one operation, undone as one.

    Who gets which is in the operation's record before anything is written: an `operation` that
    was begun before goes on with its own plan, not with `shares`. `refused` are those the caller
    found no batch for. Raises OperationTakenError.
    """
    record = operations.resumed(operation, kind=kind, actor=actor)
    if record is not None:
        left = still_to_do(record["keys"], record)
        late = changed_since(record["keys"], record)
        return _carry_out(record, left, late, asker=asker, actor=actor)
    documents = documents_with_ids([batch_id for share in shares for batch_id in share.ids])
    if not documents:
        return DistributionReport(None, shares, refused=list(refused))
    keys = [document["_id"] for document in documents]
    plan = _plan(shares, {document["id"] for document in documents}, refused)
    operation = operation or new_operation()
    operations.begin(
        operation,
        kind=kind,
        actor=actor,
        keys=keys,
        fields=["assignee", "metadata.assigned_at"],
        summary=summary or ", ".join(f"{share.person}: {len(share.ids)}" for share in shares),
        plan=plan,
    )
    record = {"operation": operation, "keys": keys, "plan": plan}
    return _carry_out(record, documents, [], asker=asker, actor=actor)


def _plan(
    shares: Sequence[Share], present: Collection[str], refused: Sequence[tuple[str, str]]
) -> Document:
    """Return who gets how many, as it is recorded; which, the record's keys say in this order."""
    planned = [
        {"person": s.person, "count": sum(i in present for i in s.ids), "before": s.before}
        for s in shares
    ]
    return {"shares": planned, "refused": list(refused)}


def _carry_out(
    record: Document,
    documents: Sequence[Document],
    late: Refusals,
    *,
    asker: Asker,
    actor: Actor,
) -> DistributionReport:
    """Give each person what the record says, of those documents that are still to be given."""
    operation, start = record["operation"], 0
    missing = [(str(name), str(reason)) for name, reason in record["plan"].get("refused", [])]
    report = DistributionReport(operation, matched=len(record["keys"]), refused=[*late, *missing])
    by_key = {document["_id"]: document for document in documents}
    shares: list[Share] = []
    for planned in record["plan"]["shares"]:
        person, count, before = planned["person"], planned["count"], planned["before"]
        keys = record["keys"][start : start + count]
        start += count
        many = Many.of({"assignee": person}, asker=asker, actor=actor, operation=operation)
        groups, forbidden = many.plan([by_key[key] for key in keys if key in by_key])
        _, overtaken = many.write(groups)
        report.refused += [*forbidden, *overtaken]
        shares.append(Share(person, tuple(map(str, keys)), before, before + count))
    report.shares = shares
    report.changed = done_by(record["keys"], operation)
    operations.finish(operation, changed=report.changed)
    return report


def transfer_open(
    person: str,
    to: Sequence[str],
    *,
    asker: Asker,
    actor: Actor,
    operation: str | None = None,
) -> DistributionReport:
    """Move all open work of a person to another, or evenly to several. Raises DistributionError."""
    if not to or person in to:
        raise DistributionError("Elige a quién se pasa el trabajo: a otra persona o a varias.")
    check_receivers(to)
    condition = {"assignee": person, "status": {"$in": OPEN}}
    documents = list(
        main_collection(Batch.COLLECTION).find(condition, {"id": 1, "_id": 0}).sort("id", 1)
    )
    if not documents and person not in crew_queries.names():
        raise DistributionError(f"«{person}» no está en el equipo.")
    return distribute(
        plan_shares(documents, dict.fromkeys(to, 1.0)),
        asker=asker,
        actor=actor,
        operation=operation,
        kind=Kind.TRANSFER,
        summary=f"{person} → {', '.join(to)}",
    )


def check_receivers(people: Iterable[str]) -> None:
    """Raise DistributionError, naming who, unless work can be given to all of these people."""
    active = set(crew_queries.names(active_only=True))
    if unknown := [name for name in people if name not in active]:
        names = ", ".join(f"«{name}»" for name in unknown[:5])
        verb = "no está" if len(unknown) == 1 else "no están"
        raise DistributionError(f"{names} {verb} en el equipo, o {verb} en activo.")


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
