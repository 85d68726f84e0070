"""A run of the sync: what was asked, what it found and did, and its record in `sync_runs`."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import PyMongoError

from masks.models import SYNC_VERSION, SyncRun
from masks.rules import Conflict, MarkChange
from segmentacion.actors import Actor
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import Lease

logger = logging.getLogger("segmentacion.sync")

STORED_NAMES = 200
KEEP_UNEVENTFUL = timedelta(days=7)

# Called with a stage ("read", "write", "catalog"), how much is done, and how much there is (0:
# unknown).
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SyncOptions:
    """`full` reads the whole store; `dry_run` writes no mark; `force` lifts the brakes.

    `quiet`: a run that finds nothing new is not recorded.
    """

    full: bool = False
    dry_run: bool = False
    force: bool = False
    quiet: bool = False


@dataclass
class SyncReport:
    """What a run found and did. `updated` does not count `cleared`.

    Of an incremental run the figures are those of the whole store, too; `not_found`, `unparsed`
    and `conflicts` then name the first ones, and the counts say how many there are.
    """

    run_id: str
    dry_run: bool = False
    mode: str = "incremental"
    why_full: str = ""
    total_files: int = 0
    batches_with_files: int = 0
    total_batches: int = 0
    updated: int = 0
    up_to_date: int = 0
    without_masks: int = 0
    cleared: int = 0
    not_found: list[str] = field(default_factory=list)
    not_found_count: int = 0
    unparsed: list[str] = field(default_factory=list)
    unparsed_count: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    conflict_count: int = 0
    changes: list[MarkChange] = field(default_factory=list)
    duration_ms: int = 0

    @property
    def with_masks(self) -> int:
        """Return how many batches of ours have files."""
        return self.updated + self.up_to_date


@dataclass
class Run:
    """A run under way."""

    report: SyncReport
    actor: Actor
    lease: Lease
    options: SyncOptions
    progress: Progress
    recorded: bool = False

    def begin_writing(self) -> None:
        """Note, before the first write, that the position is not to be trusted until the end."""
        record_start(self)
        state = self.lease.state
        if state and state.get("pending") != self.report.run_id:
            self.lease.save_state({**state, "pending": self.report.run_id})


def record_start(run: Run) -> None:
    """Write that a run began. Raises PyMongoError: without the record there is no run."""
    if run.recorded:
        return
    run.recorded = True
    actor, options = run.actor, run.options
    main_collection(SyncRun.COLLECTION).insert_one(
        {
            "_id": run.report.run_id,
            "started_at": datetime.now(UTC),
            "finished_at": None,
            "outcome": "running",
            "who": actor.name,
            "channel": actor.channel.value,
            "dry_run": options.dry_run,
            "force": options.force,
            "mode": run.report.mode,
        }
    )


def record_end(run: Run, *, outcome: str, error: str, started: float) -> None:
    """Write how the run ended, unless it was quiet and found nothing new.

    When the database is away the run stays as «running», and the page shows it as interrupted.
    """
    report = run.report
    report.duration_ms = round((time.monotonic() - started) * 1000)
    now = datetime.now(UTC)
    try:
        if error:
            record_start(run)
        if not run.recorded:
            return
        runs = main_collection(SyncRun.COLLECTION)
        runs.update_one(
            {"_id": report.run_id},
            {
                "$set": {
                    "finished_at": now,
                    "outcome": outcome,
                    "error": error,
                    "changed": len(report.changes) if outcome == "ok" else 0,
                    "mode": report.mode,
                    "why_full": report.why_full,
                    "report": stored(report),
                }
            },
        )
        if report.mode == "full":
            runs.delete_many(
                {"started_at": {"$lt": now - KEEP_UNEVENTFUL}, "outcome": "ok", "changed": 0}
            )
        versions.bump(SYNC_VERSION)
    except PyMongoError:
        logger.exception("the end of sync %s was not recorded", report.run_id)


def stored(report: SyncReport) -> dict[str, Any]:
    """Return a report as it is kept: with the run, and with the position."""
    return {
        "total_files": report.total_files,
        "batches_with_files": report.batches_with_files,
        "total_batches": report.total_batches,
        "updated": report.updated,
        "up_to_date": report.up_to_date,
        "without_masks": report.without_masks,
        "with_masks": report.with_masks,
        "cleared": report.cleared,
        "not_found": report.not_found[:STORED_NAMES],
        "not_found_count": report.not_found_count,
        "unparsed": report.unparsed,
        "unparsed_count": report.unparsed_count,
        "conflicts": [
            {"filename": c.filename, "declared": c.declared, "named": list(c.named)}
            for c in report.conflicts
        ],
        "conflict_count": report.conflict_count,
        "duration_ms": report.duration_ms,
    }
