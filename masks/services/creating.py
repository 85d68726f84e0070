"""Creating the batches that files of the store name and that are not here."""

import time
from dataclasses import dataclass, field

from batches.services.creating import MAX_AT_ONCE, create_batches, created_by
from masks.queries.unknown import UnknownBatch, unknown_batches
from masks.services.sync import SyncError, run_sync
from segmentacion.actors import Actor
from segmentacion.mongo.leases import LeaseTaken, held

LEASE = "create_batches"
LEASE_SECONDS = 30
WAIT_SECONDS = 20.0


class CreatingBusyError(Exception):
    """Another call creates batches, and goes on doing so."""

    def __init__(self) -> None:
        super().__init__("Ya se están creando batches desde el almacén. Intenta en un momento.")


@dataclass(frozen=True)
class CreatingReport:
    """What was created, or would be; `remaining` is what one call leaves to the next, and
    `sync_error` why the new batches carry no marks yet."""

    operation: str
    created: list[str] = field(default_factory=list)
    proposed: list[UnknownBatch] = field(default_factory=list)
    remaining: int = 0
    repeated: bool = False
    sync_error: str = ""


def propose_batches(limit: int = MAX_AT_ONCE) -> CreatingReport:
    """Return which batches a call would create, with how many files each. Writes nothing."""
    unknown = unknown_batches(limit)
    remaining = unknown.total - len(unknown.first)
    return CreatingReport("", proposed=unknown.first, remaining=remaining)


def create_unknown(
    *, actor: Actor, operation: str, limit: int = MAX_AT_ONCE, wait: float = WAIT_SECONDS
) -> CreatingReport:
    """Create the batches that are not here, at most `limit`, and set their marks.

    One at a time: a second caller waits for the first. The same operation again creates nothing.
    Side effects: batches with history, a record in `operations`, a run of the sync. Raises
    CreatingBusyError.
    """
    deadline = time.monotonic() + wait
    while True:
        try:
            with held(LEASE, seconds=LEASE_SECONDS):
                report = _create(actor, operation, limit)
            break
        except LeaseTaken as taken:
            if time.monotonic() > deadline:
                raise CreatingBusyError from taken
            time.sleep(0.1)
    if report.created and not report.repeated:
        return _with_marks(report, actor)
    return report


def _create(actor: Actor, operation: str, limit: int) -> CreatingReport:
    done = created_by(operation)
    if done is not None:
        left = unknown_batches(0).total
        return CreatingReport(operation, done.ids, remaining=left, repeated=True)
    unknown = unknown_batches(limit)
    ids = [one.id for one in unknown.first]
    creation = create_batches(ids, actor=actor, operation=operation)
    remaining = unknown.total - len(unknown.first)
    return CreatingReport(operation, creation.ids, unknown.first, remaining)


def _with_marks(report: CreatingReport, actor: Actor) -> CreatingReport:
    """Set the marks of what was created. A store that is away leaves them to the next run."""
    try:
        run_sync(actor=actor)
    except SyncError as error:
        return CreatingReport(
            report.operation, report.created, report.proposed, report.remaining,
            sync_error=str(error),
        )  # fmt: skip
    return report
