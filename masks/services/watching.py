"""Following the mask store live: a sync as soon as something happens there.

    lease (one watcher works, others stand by) → ear opened → sync → heard something → sync → …

What is heard is only a bell: each time it rings, the incremental sync reads what changed since
its own saved position. So a watcher that was killed, or a store or main database that was away,
costs nothing but time: the first sync afterwards catches up.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from pymongo.errors import PyMongoError

from masks import feed
from masks.services.incremental import something_new
from masks.services.runs import SyncReport
from masks.services.sync import SyncBusyError, SyncError, SyncRefusedError, run_sync, wait_for_run
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo.leases import Lease, LeaseLost, LeaseTaken, held

logger = logging.getLogger("segmentacion.sync")

LEASE = "watch_masks"
LEASE_SECONDS = 15
STANDBY_SECONDS = 5.0
# Uploads come in groups: what follows within this time is read together.
SETTLE_SECONDS = 0.3
# Even when nothing is heard: batches made since need their marks, a full run may be due.
RECHECK_SECONDS = 60.0
REFUSED_SECONDS = 300.0
LONGEST_PAUSE = 30.0


class Happening(StrEnum):
    STANDBY = "standby"
    FOLLOWING = "following"
    SYNCED = "synced"
    REFUSED = "refused"
    TROUBLE = "trouble"


@dataclass(frozen=True)
class News:
    """Something the watcher tells: what, in words, and the run when there was one."""

    what: Happening
    text: str = ""
    report: SyncReport | None = None


Tell = Callable[[News], None]
# Waits a while and says whether something happened in the store.
Ear = Callable[[], bool]


def watch(*, tell: Tell, stop: threading.Event) -> None:
    """Follow the store until `stop` is set. Trouble is told, and tried again with growing pauses.

    Side effects: those of each sync. Several watchers may run, on any host: one works.
    """
    failures = 0
    while not stop.is_set():
        try:
            with held(LEASE, seconds=LEASE_SECONDS, info=_introduction()) as lease:
                failures = 0
                _follow(lease, tell, stop)
        except LeaseTaken as taken:
            tell(News(Happening.STANDBY, str(taken.holder.get("holder") or "")))
            stop.wait(STANDBY_SECONDS)
        except LeaseLost:
            continue
        except (PyMongoError, SyncError) as error:
            failures += 1
            pause = min(LONGEST_PAUSE, 2.0 ** min(failures, 5) / 2)
            logger.warning("watching failed, again in %.0f s: %s", pause, error)
            tell(News(Happening.TROUBLE, str(error)))
            stop.wait(pause)


def _follow(lease: Lease, tell: Tell, stop: threading.Event) -> None:
    """Sync, listen, sync. The ear is open before the first sync, so that nothing falls between."""
    with _ear(stop) as heard:
        tell(News(Happening.FOLLOWING, mode()))
        wait = _sync(tell, stop)
        due = time.monotonic() + wait
        while not stop.is_set():
            lease.check()
            rang = heard()
            if rang:
                stop.wait(SETTLE_SECONDS)
            if rang or time.monotonic() >= due:
                due = time.monotonic() + _sync(tell, stop)


def _sync(tell: Tell, stop: threading.Event) -> float:
    """Run a sync; return after how many seconds to look again though nothing is heard."""
    while not stop.is_set():
        try:
            report = run_sync(actor=SYNC_ACTOR, quiet=True)
        except SyncBusyError as busy:
            # It may have read the store before what we heard happened: ours comes after it.
            wait_for_run(busy.run_id, seconds=5)
            continue
        except SyncRefusedError as refused:
            tell(News(Happening.REFUSED, str(refused), refused.report))
            return REFUSED_SECONDS
        tell(News(Happening.SYNCED, "", report))
        return RECHECK_SECONDS
    return RECHECK_SECONDS


def mode() -> str:
    """Return how the store is followed: «stream» or «poll»."""
    return "stream" if feed.can_follow() else "poll"


@contextmanager
def _ear(stop: threading.Event) -> Iterator[Ear]:
    if mode() == "poll":
        yield lambda: _poll(stop)
    else:
        with feed.listen() as bell:
            yield bell


def _poll(stop: threading.Event) -> bool:
    stop.wait(settings.WATCH_POLL_SECONDS)
    return not stop.is_set() and something_new()


def _introduction() -> dict[str, str | int]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "mode": mode()}
