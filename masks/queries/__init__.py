"""Every read of the masks app from the main database, by topic."""

from masks.queries.runs import (
    SyncState,
    last_good_run,
    recent_runs,
    report_of,
    run,
    store_name,
    sync_state,
)

__all__ = [
    "SyncState",
    "last_good_run",
    "recent_runs",
    "report_of",
    "run",
    "store_name",
    "sync_state",
]
