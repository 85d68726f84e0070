"""A restore from the plan to the swap: one at a time, all or nothing."""

import logging
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from pymongo.errors import PyMongoError

from crew import audit
from crew.events import Event
from exports.rules.backup import BackupError, ChangedMeanwhileError
from exports.rules.restoring import RestorePlan, Selection
from exports.services.backups import records
from exports.services.backups.files import folder, write_backup
from exports.services.backups.progress import Progress
from exports.services.backups.reading import BackupReader
from exports.services.backups.records import Kind
from exports.services.restoring import swapping
from exports.services.restoring.planning import MAX_WARNINGS, data_versions, make_plan
from exports.services.restoring.resolving import Restoring
from exports.services.restoring.spool import Spool
from exports.services.restoring.staging import load
from segmentacion.actors import Actor, new_operation
from segmentacion.memory import collector_paused
from segmentacion.mongo.leases import Lease, LeaseTaken, held

logger = logging.getLogger("segmentacion.restore")
LEASE = "restore"
TRIES = 3
NOTHING = "El respaldo y los datos de ahora son iguales: no hay qué restaurar."


class NoChangeError(BackupError):
    """The file and what is stored agree: there is nothing to restore."""


@dataclass
class RestoreReport:
    """What a restore did. `safety` is the backup made before: restoring it goes back."""

    operation: str
    plan: RestorePlan
    safety: Path
    warnings: list[str] = field(default_factory=list)


def plan_restore(
    path: Path, selection: Selection, *, actor: Actor
) -> Generator[Progress, None, RestorePlan]:
    """Read a file whole and compare it with what is stored. Raises BadBackupError."""
    with collector_paused():
        run = Restoring(BackupReader(path), selection, actor, new_operation())
        return (yield from make_plan(run))


def restore(
    path: Path, selection: Selection, *, actor: Actor, backups: Path | None = None
) -> Generator[Progress, None, RestoreReport]:
    """Restore a file; yield progress, return the report.

    Plan, safety backup (into `backups`), staging, check, swap. Side effects besides the data:
    versions rise, the operation is recorded, restores that were cut off are completed first.
    Raises BackupError with nothing changed (NoChangeError when there is nothing to do).
    """
    try:
        with collector_paused(), held(LEASE, seconds=60, info={"file": path.name}) as lease:
            complete_pending(lease)
            swapping.check_may_rename()
            return (yield from _restore(path, selection, actor, backups, lease))
    except LeaseTaken as taken:
        raise BackupError("Ya hay una restauración en curso.") from taken


def complete_pending(lease: Lease | None = None) -> int:
    """Complete, or take back, restores that were cut off; return how many replaced data.

    Does nothing while another restore is under way.
    """
    if not swapping.pending() and not swapping.left_over():
        return 0
    if lease is not None:
        return _complete_all()
    try:
        with held(LEASE, seconds=60):
            return _complete_all()
    except LeaseTaken:
        return 0


def _complete_all() -> int:
    completed = sum(swapping.complete(journal) for journal in swapping.pending())
    for collection in swapping.left_over():
        collection.drop()
    return completed


def _restore(
    path: Path, selection: Selection, actor: Actor, backups: Path | None, lease: Lease
) -> Generator[Progress, None, RestoreReport]:
    reader = BackupReader(path)
    for left in reversed(range(TRIES)):
        run = Restoring(reader, selection, actor, new_operation())
        try:
            return (yield from _try(run, backups, lease))
        except ChangedMeanwhileError:
            if not left:
                raise
    raise AssertionError


def _try(
    run: Restoring, backups: Path | None, lease: Lease
) -> Generator[Progress, None, RestoreReport]:
    """Restore once. Raises ChangedMeanwhileError when it has to start again: nothing changed."""
    file = run.reader.path.name
    with Spool(backups or folder()) as spool:
        plan = yield from make_plan(run, spool)
        if not plan.changes:
            raise NoChangeError(NOTHING)
        safety = yield from write_backup(backups)
        records.record_good(safety, Kind.SAFETY, note=f"antes de restaurar {file}")
        audit.write(Event.RESTORE, actor=run.actor, about=file)
        lease.check()
        yield from _replace(run, plan, spool, str(safety.path), lease)
    return RestoreReport(run.operation, plan, safety.path, run.warnings[:MAX_WARNINGS])


def _replace(
    run: Restoring, plan: RestorePlan, spool: Spool, safety: str, lease: Lease
) -> Generator[Progress, None, None]:
    if data_versions() != plan.versions:
        raise ChangedMeanwhileError(swapping.CHANGED)
    swapping.begin(run, safety=safety)
    try:
        yield from load(run, spool)
        lease.check()
    except BaseException:
        _give_up(run)
        raise
    yield from swapping.swap(run, plan)


def _give_up(run: Restoring) -> None:
    """Drop what was loaded; what cannot be dropped now is at the next start."""
    try:
        swapping.abandon(run.operation, swapping.ordered(run.how))
    except PyMongoError:
        logger.warning("Restore %s left staging collections; they go at the next.", run.operation)
