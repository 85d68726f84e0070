"""The mask sync: reads what is new in the store, or all of it, and writes what differs.

    lease → look → (in doubt: all of it) → plan → brakes → writes → position

The command, the API and the pages all call `run_sync`. What is read and compared differs between
an incremental run (`incremental.py`) and a full one (`full.py`); planning, brakes and the writing
of marks are the same (docs/decisions/0014).
"""

import logging
import time

from django.conf import settings
from pymongo.errors import PyMongoError

from masks import queries
from masks.rules.position import ASKED, Position
from masks.services import full, incremental, runs
from masks.services.errors import (
    StorePermissionError,
    StoreUnavailableError,
    SyncBusyError,
    SyncError,
    SyncInterruptedError,
    SyncRefusedError,
)
from masks.services.runs import Progress, Run, SyncOptions, SyncReport
from segmentacion.actors import Actor, new_operation
from segmentacion.memory import collector_paused
from segmentacion.mongo.clients import Document
from segmentacion.mongo.leases import LeaseLost, LeaseTaken, held, is_held

__all__ = [
    "LEASE",
    "Progress",
    "StorePermissionError",
    "StoreUnavailableError",
    "SyncBusyError",
    "SyncError",
    "SyncInterruptedError",
    "SyncRefusedError",
    "run_sync",
    "wait_for_run",
]

logger = logging.getLogger("segmentacion.sync")

LEASE = queries.SYNC_LEASE
MAIN_AWAY = (
    "La base principal dejó de responder durante la sincronización: lo escrito es correcto y la "
    "próxima sincronización completa el resto."
)
OVERTAKEN = "La sincronización tardó en responder y otra tomó su lugar: lo escrito es correcto."


def run_sync(
    *,
    actor: Actor,
    full: bool = False,
    dry_run: bool = False,
    force: bool = False,
    quiet: bool = False,
    progress: Progress | None = None,
) -> SyncReport:
    """Bring the marks of all batches and the catalogue in line with the mask store.

    Reads only what is new since the run before, unless `full` or in doubt. Raises a SyncError,
    after which nothing was changed, except for SyncInterruptedError: then what was written is
    right and the next run does the rest. `force` lifts the brakes. `quiet`: a run that finds
    nothing new leaves no record, only the time of the look.
    """
    run_id = new_operation()
    seconds = settings.SYNC_LEASE_SECONDS
    options = SyncOptions(full=full, dry_run=dry_run, force=force, quiet=quiet)
    try:
        with held(LEASE, seconds=seconds, info={"run_id": run_id}) as lease:
            report = SyncReport(run_id, dry_run=dry_run)
            run = Run(report, actor, lease, options, progress or _silent)
            return _recorded(run)
    except LeaseTaken as taken:
        raise SyncBusyError(str(taken.holder.get("info", {}).get("run_id", ""))) from taken


def wait_for_run(run_id: str, *, seconds: float) -> Document | None:
    """Wait until a run of another process ends; return its record, or None after `seconds`.

    Of a quiet run that left no record, what it found is returned in the same shape.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        over = not is_held(LEASE, run_id=run_id)
        run = queries.run(run_id)
        if run and run["outcome"] != "running":
            return run
        if over and run is None:
            return queries.unrecorded_run(run_id)
        time.sleep(0.2)
    return None


def _recorded(run: Run) -> SyncReport:
    started = time.monotonic()
    if not run.options.quiet:
        runs.record_start(run)
    try:
        with collector_paused():
            _go(run)
    except SyncError as error:
        runs.record_end(run, outcome=error.outcome, error=str(error), started=started)
        raise
    except LeaseLost as lost:
        interrupted = SyncInterruptedError(OVERTAKEN)
        runs.record_end(run, outcome="failed", error=str(interrupted), started=started)
        raise interrupted from lost
    except PyMongoError as error:  # the main database: its marks could not be read or written
        interrupted = SyncInterruptedError(MAIN_AWAY)
        logger.exception("sync interrupted")
        runs.record_end(run, outcome="failed", error=str(interrupted), started=started)
        raise interrupted from error
    outcome = "dry_run" if run.options.dry_run else "ok"
    runs.record_end(run, outcome=outcome, error="", started=started)
    return run.report


def _go(run: Run) -> None:
    position = Position.from_state(run.lease.state)
    surroundings = incremental.surroundings(run.lease.taken_at)
    look = incremental.look(position, surroundings)
    doubt = ASKED if run.options.full else look.doubt
    if doubt is None and position is not None:
        incremental.run(run, position, look, surroundings)
    else:
        run.report.mode, run.report.why_full = "full", doubt or ""
        if run.options.quiet:
            runs.record_start(run)
        nothing_new = look.doubt is None and not look.changes
        full.run(run, position, surroundings, nothing_new=nothing_new)


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""
