"""A run of the sync in the test's own process."""

from typing import Any

from masks.services.runs import SyncReport
from masks.services.sync import run_sync
from segmentacion.actors import SYNC_ACTOR


def sync(**options: Any) -> SyncReport:
    return run_sync(actor=SYNC_ACTOR, **options)
