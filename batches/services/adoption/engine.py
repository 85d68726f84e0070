"""The run as a whole: one at a time, its steps in order, its report."""

from collections.abc import Callable, Generator
from typing import Any

from django.utils import timezone

from batches.models import Batch
from batches.rules.adoption import KeepPolicy
from batches.services.adoption.djongo import adopt_references
from batches.services.adoption.documents import adopt_batches, resolve_duplicates
from batches.services.adoption.people import adopt_people
from batches.services.adoption.report import AdoptionReport, Progress
from batches.services.adoption.run import Run
from crew.models import Segmenter
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.indexes import ensure_declared
from segmentacion.mongo.leases import LeaseLost, LeaseTaken, held

LEASE = "adopt_database"
LEASE_SECONDS = 30
Engine = Generator[Progress, None, AdoptionReport]


class AdoptionError(Exception):
    """The adoption did not run to its end; the message is for the person."""


class AdoptionBusyError(AdoptionError):
    """Another adoption of this database is under way."""


class AdoptionInterruptedError(AdoptionError):
    """The run lost its lease: what was written is right, running it again does the rest."""


def adopt_database(
    *,
    actor: Actor,
    dry_run: bool = False,
    policy: KeepPolicy | None = None,
    set_aside_without_id: bool = False,
) -> Engine:
    """Normalise the crew, djongo's references and the batches; yield progress, return the report.

    `policy` says which of several documents with one id stays; without it they are reported.
    `set_aside_without_id` moves documents that have no id (people: no name) to the trash.
    Side effects: writes with history, the trash, indexes, the data versions; none with
    `dry_run`. Raises AdoptionBusyError, AdoptionInterruptedError.
    """
    run = Run(
        actor=actor,
        operation=new_operation(),
        zone=timezone.get_current_timezone(),
        dry_run=dry_run,
        policy=policy,
        set_aside_without_id=set_aside_without_id,
    )
    if dry_run:
        return (yield from _steps(run))
    try:
        with held(LEASE, seconds=LEASE_SECONDS, info={"operation": run.operation}) as lease:
            run.check = lease.check
            return (yield from _steps(run))
    except LeaseTaken as taken:
        raise AdoptionBusyError("Ya hay una adopción de esta base en curso.") from taken
    except LeaseLost as lost:
        raise AdoptionInterruptedError(
            "La adopción tardó en responder y otra pudo tomar su lugar: lo escrito es correcto y "
            "volver a ejecutarla completa el resto."
        ) from lost


def finish(engine: Engine, show: Callable[[Progress], None] | None = None) -> AdoptionReport:
    """Run an engine to its end, showing its progress, and return its report."""
    while True:
        try:
            progress = next(engine)
        except StopIteration as end:
            report: AdoptionReport = end.value
            return report
        if show is not None:
            show(progress)


def _steps(run: Run) -> Engine:
    yield from adopt_people(run)
    yield from adopt_references(run)
    yield from resolve_duplicates(run)
    yield from adopt_batches(run)
    if not run.dry_run:
        run.record_end()
    for model in (Segmenter, Batch):
        pending = _not_unique(model) if run.dry_run else ensure_declared(model)
        run.tally.indexes_pending += [f"{model.COLLECTION}.{name}" for name in pending]
    return run.tally.report(run.operation, dry_run=run.dry_run)


def _not_unique(model: Any) -> list[str]:
    """Return the unique indexes that a model declares and the collection has not."""
    found = main_collection(model.COLLECTION).index_information().values()
    unique = [
        list(information["key"])
        for information in found
        if information.get("unique") and "partialFilterExpression" not in information
    ]
    return [i.name for i in model.INDEXES if i.unique and list(i.keys) not in unique]
