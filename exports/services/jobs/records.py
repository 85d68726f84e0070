"""The record of a job, in `data_jobs`: what was asked, how far it is, what came of it. A week."""

import time
from datetime import UTC, datetime
from typing import Any

import orjson
from bson import ObjectId

from exports.rules.jobs import UNDER_WAY, JobKind, JobState, seen_state
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.mongo.leases import COLLECTION as LEASES
from segmentacion.mongo.leases import is_held, server_time

COLLECTION, ROWS = "data_jobs", "data_job_rows"
KEPT_SECONDS = 7 * 24 * 3600
PAGE = 50
SHOW_EVERY = 0.3


def create(kind: JobKind, *, actor: Actor, options: Document, label: str) -> str:
    """Record what is asked for; return its id. `label` says it to people."""
    key = str(ObjectId())
    main_collection(COLLECTION).insert_one(
        {
            "_id": key,
            "kind": str(kind),
            "state": str(JobState.WAITING),
            "at": datetime.now(UTC),
            "who": actor.name,
            "channel": actor.channel.value,
            "label": label,
            "options": options,
            "stage": "",
            "done": 0,
            "total": 0,
            "result": None,
            "error": "",
        }
    )
    return key


def claim(key: str) -> Document | None:
    """Take a waiting job to run it; None when it is unknown or was taken."""
    return main_collection(COLLECTION).find_one_and_update(
        {"_id": key, "state": str(JobState.WAITING)},
        {"$set": {"state": str(JobState.RUNNING), "started_at": datetime.now(UTC)}},
    )


class Shown:
    """Writes progress into a job's record, a few times a second at most."""

    def __init__(self, key: str) -> None:
        self._key, self._stage, self._next = key, "", 0.0

    def show(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == self._stage and now < self._next:
            return
        self._stage, self._next = stage, now + SHOW_EVERY
        _set(self._key, stage=stage, done=done, total=total)


def succeed(key: str, result: Any) -> None:
    """Record that a job ended well. The result is kept as JSON: its names may be anything."""
    text = orjson.dumps(result, option=orjson.OPT_NON_STR_KEYS, default=str).decode()
    _set(key, state=str(JobState.DONE), result=text, finished_at=datetime.now(UTC))


def fail(key: str, error: str) -> None:
    _set(key, state=str(JobState.FAILED), error=error, finished_at=datetime.now(UTC))


def find(key: str) -> Document | None:
    """Return a job with its state as it is now, or None."""
    job = main_collection(COLLECTION).find_one({"_id": key})
    return _seen(job, server_time()) if job else None


def under_way(kind: JobKind, options: Document) -> str | None:
    """Return the id of a job of this kind and options that is waiting or running, or None."""
    condition = {"kind": str(kind), "options": options, "state": {"$in": list(map(str, UNDER_WAY))}}
    found = main_collection(COLLECTION).find(condition).sort("at", -1)
    now = server_time()
    return next((str(j["_id"]) for j in found if _seen(j, now)["state"] in UNDER_WAY), None)


def recent(limit: int = 8) -> list[Document]:
    """Return the newest jobs, without their results."""
    found = main_collection(COLLECTION).find({}, {"result": 0}).sort("at", -1).limit(limit)
    now = server_time()
    return [_seen(job, now) for job in found]


def result_of(job: Document) -> Any:
    return orjson.loads(job["result"]) if job.get("result") else None


def actor_of(job: Document) -> Actor:
    return Actor(job["who"], Channel(job["channel"]))


def lease_name(key: str) -> str:
    return f"data_job:{key}"


def forget_lease(key: str) -> None:
    main_collection(LEASES).delete_one({"_id": lease_name(key)})


def add_rows(key: str, rows: list[Document]) -> None:
    """Keep the rows of a long result beside the record, to be read a page at a time."""
    now = datetime.now(UTC)
    documents = [{"job": key, "n": n, "at": now, **row} for n, row in enumerate(rows)]
    if documents:
        main_collection(ROWS).insert_many(documents, ordered=False)


def rows(key: str, page: int) -> list[Document]:
    """Return one page (from 1) of a job's rows."""
    first = (page - 1) * PAGE
    condition = {"job": key, "n": {"$gte": first, "$lt": first + PAGE}}
    return list(main_collection(ROWS).find(condition).sort("n"))


def _seen(job: Document, now: datetime) -> Document:
    under_way = job["state"] in {"waiting", "running"}
    alive = under_way and is_held(lease_name(job["_id"]))
    age = (now - job["at"]).total_seconds()
    if under_way and not alive:  # it may have ended between the two reads
        job = main_collection(COLLECTION).find_one({"_id": job["_id"]}) or job
    return {**job, "id": job["_id"], "state": str(seen_state(job["state"], alive=alive, age=age))}


def _set(key: str, **values: Any) -> None:
    main_collection(COLLECTION).update_one({"_id": key}, {"$set": values})
