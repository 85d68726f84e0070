"""The mask sync: one scan of the store, one read of the marks, writes of what differs.

    lease → run recorded → scan (all of it, or nothing is changed) → plan → brakes → writes

The command, the API and the pages all call `run_sync`. An incremental run will differ
from a full one only in what is scanned and compared; planning, brakes and writing stay.
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from pymongo.errors import PyMongoError

from batches.services.marks import marks_of_batches, write_marks
from masks import queries, store
from masks.rules import Brakes, MarkPlan, StoreContents, plan_marks, refusal
from masks.services import runs
from masks.services.runs import SyncOptions, SyncReport
from segmentacion.actors import Actor, new_operation
from segmentacion.memory import collector_paused
from segmentacion.mongo.clients import Document
from segmentacion.mongo.errors import UNREACHABLE, is_permission_error
from segmentacion.mongo.leases import Lease, LeaseLost, LeaseTaken, held

logger = logging.getLogger("segmentacion.sync")

LEASE = "sync_masks"
LEASE_SECONDS = 30

# Called with a stage ("read", "write"), how much is done, and how much there is (0: unknown).
Progress = Callable[[str, int, int], None]


class SyncError(Exception):
    """The sync changed nothing (or stopped); the message says why, for the person."""

    outcome = "failed"


class StoreUnavailableError(SyncError):
    """The mask store did not answer, or stopped answering in the middle."""


class StorePermissionError(SyncError):
    """The mask store answered that this user may not read it."""


class SyncInterruptedError(SyncError):
    """The run lost its lease, or the main database went away while writing."""


class SyncRefusedError(SyncError):
    """The brakes stopped it: an empty store, or too many marks to clear."""

    outcome = "refused"

    def __init__(self, message: str, report: SyncReport) -> None:
        super().__init__(message)
        self.report = report


class SyncBusyError(SyncError):
    """Another run is under way; `run_id` is its id."""

    outcome = "busy"

    def __init__(self, run_id: str) -> None:
        super().__init__("Ya hay una sincronización en curso.")
        self.run_id = run_id


def run_sync(
    *,
    actor: Actor,
    dry_run: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> SyncReport:
    """Bring the marks of all batches in line with the mask store.

    Raises a SyncError, after which nothing was changed, except for SyncInterruptedError: then
    what was written is right and the next run does the rest. `force` lifts the brakes.
    """
    run_id = new_operation()
    try:
        with held(LEASE, seconds=LEASE_SECONDS, info={"run_id": run_id}) as lease:
            options = SyncOptions(dry_run=dry_run, force=force)
            return _recorded_run(run_id, actor, lease, options, progress or _silent)
    except LeaseTaken as taken:
        raise SyncBusyError(str(taken.holder.get("info", {}).get("run_id", ""))) from taken


def wait_for_run(run_id: str, *, seconds: float) -> Document | None:
    """Wait until a run of another process ends; return its record, or None after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run = queries.run(run_id)
        if run and run["outcome"] != "running":
            return run
        time.sleep(0.2)
    return None


def _recorded_run(
    run_id: str, actor: Actor, lease: Lease, options: SyncOptions, progress: Progress
) -> SyncReport:
    started = time.monotonic()
    report = SyncReport(run_id, dry_run=options.dry_run)
    runs.record_start(run_id, actor, options)
    try:
        with collector_paused():
            _run(report, actor, lease, options, progress)
    except SyncError as error:
        runs.record_end(report, outcome=error.outcome, error=str(error), started=started)
        raise
    except PyMongoError as error:  # the main database: its marks could not be read or written
        interrupted = SyncInterruptedError(
            "La base principal dejó de responder durante la sincronización: lo escrito es "
            "correcto y la próxima sincronización completa el resto."
        )
        logger.exception("sync interrupted")
        runs.record_end(report, outcome="failed", error=str(interrupted), started=started)
        raise interrupted from error
    runs.record_end(
        report, outcome="dry_run" if options.dry_run else "ok", error="", started=started
    )
    return report


def _run(
    report: SyncReport, actor: Actor, lease: Lease, options: SyncOptions, progress: Progress
) -> None:
    contents = _read_store(progress)
    plan = plan_marks(contents, marks_of_batches())
    _fill(report, contents, plan)
    brakes = Brakes(settings.SYNC_MAX_CLEAR_SHARE, settings.SYNC_MIN_CLEAR_LIMIT)
    reason = None if options.force else refusal(contents, plan, brakes)
    if reason:
        raise SyncRefusedError(reason + _hint(contents), report)
    if report.dry_run:
        return
    written = 0
    try:
        for written in write_marks(
            plan.changes, actor=actor, operation=report.run_id, check=lease.check
        ):
            progress("write", written, len(plan.changes))
    except LeaseLost as lost:
        raise SyncInterruptedError(
            "La sincronización tardó en responder y otra tomó su lugar: lo escrito es correcto."
        ) from lost
    # A batch that another program changed in the meantime is left to the next run.
    report.updated -= len(plan.changes) - written


def _read_store(progress: Progress) -> StoreContents:
    contents = StoreContents()
    try:
        for files in store.scan():
            contents.add(files)
            progress("read", contents.total_files, 0)
    except PyMongoError as error:
        raise _store_error(error) from error
    progress("read", contents.total_files, contents.total_files)
    return contents


def _store_error(error: PyMongoError) -> SyncError:
    place = f"{settings.TRAINING_DB} ({settings.MASKS_BUCKET})"
    if is_permission_error(error):
        return StorePermissionError(
            f"La cuenta no puede leer el almacén de máscaras {place}: no se cambió nada."
        )
    if isinstance(error, UNREACHABLE):
        return StoreUnavailableError(
            f"El almacén de máscaras {place} no responde: no se cambió nada."
        )
    return StoreUnavailableError(
        f"La lectura del almacén de máscaras {place} se interrumpió: no se cambió nada."
    )


def _hint(contents: StoreContents) -> str:
    """Name the buckets that do hold files, when ours is empty: a wrong setting is likely."""
    if contents.total_files:
        return ""
    others = [name for name in store.other_buckets() if name != settings.MASKS_BUCKET]
    if not others:
        return ""
    return f" Con archivos hay: {', '.join(others)} (ajuste MASKS_BUCKET)."


def _fill(report: SyncReport, contents: StoreContents, plan: MarkPlan) -> None:
    report.total_files = contents.total_files
    report.batches_with_files = len(contents.batches)
    report.unparsed, report.unparsed_count = contents.unparsed, contents.unparsed_count
    report.conflicts, report.conflict_count = contents.conflicts, contents.conflict_count
    report.total_batches = plan.total_batches
    report.up_to_date = plan.up_to_date
    report.cleared = plan.cleared
    report.without_masks = plan.without_masks
    report.updated = len(plan.changes) - plan.cleared
    report.not_found = plan.not_found
    report.changes = plan.changes


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""
