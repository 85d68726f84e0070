"""Many writers at once, and writers whose server is killed under them. Real processes, SIGKILL.

`SOAK=1` (make soak) makes more changes, with more processes, and kills more often.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

import psutil
import pytest
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.collection import Collection

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.factories import batch_document
from tests.faults.writers import SOAK, check_history, most_held, pull_together
from tests.mongods import server_in
from tests.site import Site, Visitor, environment, manage
from tests.waiting import until

pytestmark = pytest.mark.faults

PROCESSES, PEOPLE, BATCHES = (50, 10, 1_000) if SOAK else (20, 4, 200)
LIMIT = 1  # below the processes of each person, so that it is always in the way
WRITERS, SHARED = 20, 100
KILLS = 20 if SOAK else 3
MORE = 20  # changes that are made between one kill and the next
ENOUGH = 5_000 if SOAK else 300
Batches = Collection[dict[str, Any]]


def collection(uri: str) -> Batches:
    aware: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
    database = MongoClient(uri, w="majority", journal=True)["segmentacion_db"]
    return database.get_collection("batches", codec_options=aware)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMongo]:
    server = server_in(tmp_path_factory.mktemp("writers") / "mongo")
    yield server
    server.release()


def test_many_processes_pull_batches_and_each_goes_to_one_person(
    server: EmbeddedMongo,
) -> None:
    people = [f"Persona {number}" for number in range(PEOPLE)]
    env = environment(MONGO_URI=server.ensure(), WIP_LIMIT=str(LIMIT))
    assert manage("migrate", "-v", "0", env=env).returncode == 0
    batches = collection(server.ensure())
    crew = batches.database["segmentadores"]
    crew.insert_many({"name": name, "active": True} for name in people)
    batches.insert_many(batch_document(f"batch_{n:06d}F") for n in range(BATCHES))
    pulled = pull_together(PROCESSES, people, env=env)
    documents = list(batches.find())
    assert len(documents) == BATCHES
    assert sorted(pulled) == sorted((d["assignee"], d["id"]) for d in documents)
    first = {"assignee": None, "status": "NS"}
    for document in documents:
        takings = [c for e in document["history"] for c in e["changes"] if c["field"] == "assignee"]
        assert [(c["old"], c["new"]) for c in takings] == [(None, document["assignee"])]
        assert (document["status"], document["version"]) == ("S", 3)
    most = most_held(documents, first)
    assert set(most) == set(people)
    assert max(most.values()) == LIMIT


class Writer(threading.Thread):
    """One client that changes shared batches at the version it sees, and asks again when stale.

    `acknowledged` counts, per batch, the changes the site said were made.
    """

    def __init__(self, site: Site, number: int, cookies: Any, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.site, self.number, self.stop = site, number, stop
        self.visitor = Visitor(site.url)
        for cookie in cookies:
            self.visitor.cookies.set_cookie(cookie)
        self.acknowledged: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        chance = random.Random(self.number)
        while not self.stop.is_set():
            batch_id = f"batch_{chance.randrange(SHARED):06d}F"
            try:
                status = self._change(batch_id, chance)
            except (OSError, HTTPException):  # the worker that had the request was killed
                status = 0
                time.sleep(0.05)
            self.statuses[status] += 1

    def _change(self, batch_id: str, chance: random.Random) -> int:
        seen = self.visitor.get(f"/api/batches/{batch_id}")
        if seen.status != 200:
            time.sleep(0.05)
            return seen.status
        asked: dict[str, Any] = {
            "comments": f"{self.number}: {chance.random()}",
            "total_masks": chance.randrange(1_000),
            "version": seen.json()["batch"]["version"],
        }
        answer = self.visitor.send("PATCH", f"/api/batches/{batch_id}", asked)
        if answer.status == 200:
            self.acknowledged[batch_id] += 1
        return answer.status


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("shared"), demo=False)
    site.start()
    yield site
    site.stop()


def shared_batches(site: Site) -> Batches:
    state = EmbeddedMongo(site.folder / "state" / "mongo").status()
    assert state.uri is not None
    return collection(state.uri)


def write_together(site: Site, meanwhile: Callable[[], None] | None = None) -> list[Writer]:
    """Let the writers make `ENOUGH` changes; `meanwhile` runs each time some `MORE` are made."""
    batches = shared_batches(site)
    batches.delete_many({})
    batches.insert_many(batch_document(f"batch_{n:06d}F") for n in range(SHARED))
    cookies = list(site.visitor().cookies)
    stop = threading.Event()
    writers = [Writer(site, number, cookies, stop) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(KILLS if meanwhile else 0):
            until_made(writers, made(writers) + MORE)
            meanwhile()
        until_made(writers, max(ENOUGH, made(writers) + MORE))
    finally:
        stop.set()
        for writer in writers:
            writer.join(60)
    return writers


def made(writers: list[Writer]) -> int:
    """Return how many changes the site said were made."""
    return sum(writer.acknowledged.total() for writer in writers)


def until_made(writers: list[Writer], changes: int) -> None:
    """Wait for as long as there is one more change now and then."""
    while (before := made(writers)) < changes:
        until(lambda before=before: made(writers) > before, "one more change is made")


def check_all(site: Site, writers: list[Writer]) -> int:
    """Assert that every batch is what its history says, and that no change that was said to be
    made is missing; return how many the histories tell of."""
    first = {"comments": "", "metadata.total_masks": 0}
    documents = list(shared_batches(site).find())
    assert len(documents) == SHARED
    acknowledged = sum((writer.acknowledged for writer in writers), Counter())
    for document in documents:
        check_history(document, first)
        assert len(document["history"]) >= acknowledged[document["id"]]
    statuses = sum((writer.statuses for writer in writers), Counter())
    print(f"\n{datetime.now(UTC):%H:%M:%S} answers: {dict(statuses)}")
    assert 500 not in statuses
    return sum(len(document["history"]) for document in documents)


def test_20_writers_of_the_same_100_batches_leave_histories_without_a_gap(site: Site) -> None:
    writers = write_together(site)
    events = check_all(site, writers)
    statuses = sum((writer.statuses for writer in writers), Counter())
    assert set(statuses) <= {200, 409}
    assert events == statuses[200]


def test_a_worker_killed_in_the_middle_loses_nothing_that_was_said_to_be_made(site: Site) -> None:
    def kill_worker() -> None:
        random.choice(until(site.worker_processes, "a worker")).kill()

    check_all(site, write_together(site, kill_worker))


def test_mongod_killed_in_the_middle_loses_nothing_that_was_said_to_be_made(site: Site) -> None:
    def kill_mongod() -> None:
        victim = site.mongod()
        victim.kill()
        psutil.wait_procs([victim], timeout=30)
        site.wait_until_up()

    check_all(site, write_together(site, kill_mongod))
