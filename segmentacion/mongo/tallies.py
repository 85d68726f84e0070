"""What all processes counted together, in MongoDB: requests, commands, the errors of each day.

Each web worker hands on what it counted every few seconds, as `$inc`s: the sum over workers and
hosts is right whoever is asked, and survives their restarts (docs/decisions/0030). A worker that
is killed takes at most those few seconds with it.
"""

import logging
import threading
from datetime import UTC, datetime
from typing import Any

import pymongo
from django.utils import timezone
from pymongo import UpdateOne
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError
from pymongo.write_concern import WriteConcern

from segmentacion.mongo.clients import Document, main_collection
from segmentacion.mongo.embedded import EmbeddedError
from segmentacion.telemetry.tally import TALLY, Counts

logger = logging.getLogger("segmentacion.telemetry")

TALLIES, DAYS = "tallies", "request_days"
# What nobody used for this long is forgotten (TTL indexes, by the migration).
KEPT_DAYS = 30
EVERY_SECONDS = 5.0
PATIENCE_SECONDS = 4.0
# Samples kept of a day: the newest.
MOST_A_DAY = 200
_stop = threading.Event()


def hand_on() -> bool:
    """Write what this process counted, if anything; return whether nothing is left.

    Counts are given back when no server was found, and only then: after any other error they may
    have been written, and a request lost is better than one counted twice.
    """
    taken = TALLY.take()
    if not taken:
        return True
    try:
        with pymongo.timeout(PATIENCE_SECONDS):
            _write(taken)
    except (ServerSelectionTimeoutError, EmbeddedError):
        TALLY.give_back(taken)
        return False
    except PyMongoError as error:
        logger.warning("Counts of requests were lost: %s", error)
        return False
    return True


def keep_handing_on() -> None:
    """Hand on in the background, until the process ends. For web workers, after the fork."""
    _stop.clear()
    threading.Thread(target=_keep_on, name="tallies", daemon=True).start()


def stop_handing_on() -> None:
    """Hand on what is left, before the process ends."""
    _stop.set()
    hand_on()


def counted() -> list[Document]:
    """Return the counts of all processes: documents of the kinds `request` and `command`."""
    return list(main_collection(TALLIES).find())


def day_of(day: str | None = None) -> Document:
    """Return what was kept of a local day (`2026-11-21`; today by default), {} when nothing."""
    key = day or timezone.localdate().isoformat()
    return main_collection(DAYS).find_one({"_id": key}) or {}


def _keep_on() -> None:
    TALLY.not_counting()
    while not _stop.wait(EVERY_SECONDS):
        try:
            hand_on()
        except Exception:  # whatever it is, this thread goes on
            logger.exception("Counts of requests could not be handed on.")


def _write(taken: Counts) -> None:
    now = datetime.now(UTC)
    quick = WriteConcern(w=1)
    writes = [_requests(route, counts, now) for route, counts in taken.requests.items()]
    writes += [_commands(name, counts, now) for name, counts in taken.commands.items()]
    main_collection(TALLIES).with_options(write_concern=quick).bulk_write(writes, ordered=False)
    if taken.requests:
        day = _day(taken, now)
        main_collection(DAYS).with_options(write_concern=quick).bulk_write([day])


def _requests(route: tuple[str, str, int], counts: Any, now: datetime) -> UpdateOne:
    path, method, status = route
    more: Document = {
        "count": counts.count,
        "seconds": counts.seconds,
        "commands": counts.commands,
    }
    more |= {f"classes.{n}": times for n, times in enumerate(counts.classes) if times}
    named = {"kind": "request", "route": path, "method": method, "status": status, "at": now}
    return UpdateOne(
        {"_id": f"{method} {status} {path}"}, {"$inc": more, "$set": named}, upsert=True
    )


def _commands(name: str, counts: Any, now: datetime) -> UpdateOne:
    more = {"count": counts.count, "micros": counts.micros, "failed": counts.failed}
    named = {"kind": "command", "command": name, "at": now}
    return UpdateOne({"_id": f"command {name}"}, {"$inc": more, "$set": named}, upsert=True)


def _day(taken: Counts, now: datetime) -> UpdateOne:
    """Return the update of today's document: how many, and the newest of the slow and failed."""
    total = sum(counts.count for counts in taken.requests.values())
    pushed = {
        name: {"$each": list(samples), "$slice": -MOST_A_DAY}
        for name, samples in (("slow", taken.slow), ("failed", taken.failed))
        if samples
    }
    update: Document = {
        "$inc": {"requests": total, "slow_count": taken.slow_count, "errors": taken.failed_count},
        "$set": {"at": now},
    }
    if pushed:
        update["$push"] = pushed
    return UpdateOne({"_id": timezone.localdate().isoformat()}, update, upsert=True)
