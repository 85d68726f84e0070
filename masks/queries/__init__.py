"""Every read of the masks app from the main database, by topic."""

from masks.queries.runs import (
    SYNC_LEASE,
    WATCH_LEASE,
    SyncState,
    last_good_run,
    recent_runs,
    report_of,
    run,
    store_name,
    sync_state,
    unrecorded_run,
    watcher,
)

__all__ = [
    "SYNC_LEASE",
    "WATCH_LEASE",
    "SyncState",
    "last_good_run",
    "recent_runs",
    "report_of",
    "run",
    "store_name",
    "sync_state",
    "unrecorded_run",
    "watcher",
]
