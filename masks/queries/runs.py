"""Reads of the masks app: runs of the sync, files of the store as the API shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from batches import queries as batch_queries
from masks.models import SyncRun
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.mongo.leases import holder_of, state_of

SYNC_LEASE, WATCH_LEASE = "sync_masks", "watch_masks"
# A run that has not ended after this long was interrupted (its lease is long gone).
INTERRUPTED_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class SyncState:
    """What the shell says about the sync: the last good one, the last one, the marks."""

    last_good: datetime | None
    last: Document | None
    uploaded: int
    total: int

    @property
    def nothing_yet(self) -> bool:
        """Tell whether there is nothing to sync: no batch, no good run, and no trouble but that
        the store is empty. The first day of an installation, not a brake that saved something."""
        fresh = self.last is None or self.last["outcome"] == "refused"
        return fresh and self.total == 0 and self.last_good is None

    @property
    def failed(self) -> bool:
        """Tell whether the last run did not do its work (and none since looked and found
        nothing new)."""
        if self.last is None or self.last["outcome"] not in {"failed", "refused"}:
            return False
        return self.last_good is None or self.last_good <= self.last["started_at"]


def run(run_id: str) -> Document | None:
    """Return the record of a run."""
    return main_collection(SyncRun.COLLECTION).find_one({"_id": run_id})


def recent_runs(limit: int = 20) -> list[Document]:
    """Return the newest runs first; one that never ended is shown as interrupted."""
    runs = list(main_collection(SyncRun.COLLECTION).find().sort("started_at", -1).limit(limit))
    now = datetime.now(UTC)
    for record in runs:
        if record["outcome"] == "running" and now - record["started_at"] > INTERRUPTED_AFTER:
            record["outcome"] = "interrupted"
    return runs


def unrecorded_run(run_id: str) -> Document | None:
    """Return, in the shape of a record, what a run found that left none: nothing new."""
    report = (state_of(SYNC_LEASE) or {}).get("report")
    if report is None:
        return None
    figures = {**report, "up_to_date": report["with_masks"], "updated": 0, "cleared": 0}
    return {"_id": run_id, "outcome": "ok", "mode": "incremental", "report": figures}


def last_good_run() -> Document | None:
    """Return the last run that did its work."""
    return main_collection(SyncRun.COLLECTION).find_one(
        {"outcome": "ok"}, sort=[("finished_at", -1)]
    )


def sync_state() -> SyncState:
    """Return what the shell says about the sync."""
    good = last_good_run()
    finished = {"outcome": {"$in": ["ok", "failed", "refused"]}}
    last = main_collection(SyncRun.COLLECTION).find_one(finished, sort=[("started_at", -1)])
    counters = batch_queries.counters()
    looked = (state_of(SYNC_LEASE) or {}).get("checked_at")
    times = [moment for moment in (good["finished_at"] if good else None, looked) if moment]
    return SyncState(
        last_good=max(times, default=None),
        last=last,
        uploaded=counters.uploaded,
        total=counters.total,
    )


def watcher() -> Document | None:
    """Return the lease of the program that follows the store, None when nobody does."""
    return holder_of(WATCH_LEASE)


def report_of(record: Document) -> dict[str, Any]:
    """Return the stored report of a run, empty while it has none."""
    return record.get("report") or {}


def store_name() -> str:
    """Return the store as people know it: database and bucket."""
    return f"{settings.TRAINING_DB} · {settings.MASKS_BUCKET}"
