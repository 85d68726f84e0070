"""The store is followed live: `serve` keeps a watcher, and nothing that kills anything under it
makes it miss a file. Real processes, SIGKILL. `SOAK=1` (make soak) keeps the store away for a
minute.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest
from bson import ObjectId
from pymongo import MongoClient

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.factories import batch_document
from tests.faults.writers import SOAK
from tests.mongods import server_in
from tests.site import Site, environment, manage
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.faults

AWAY_SECONDS = 60.0 if SOAK else 6.0


class Followed(Site):
    """A site whose store lives on a server of its own, that can go away."""

    def attach(self, store: EmbeddedMongo) -> None:
        self.store = store
        self.settings = {"SUPERVISE": "true", "TRAINING_MONGO_URI": store.ensure()}

    @property
    def main(self) -> MongoClient[Any]:
        state = EmbeddedMongo(self.folder / "state" / "mongo").status()
        return MongoClient(state.uri, serverSelectionTimeoutMS=2_000)

    def batches(self) -> Any:
        return self.main["segmentacion_db"]["batches"]

    def is_marked(self, batch_id: str) -> bool:
        batch = self.batches().find_one({"id": batch_id}, {"mongo_uploaded": 1})
        return bool(batch and batch["mongo_uploaded"])

    def put_file(self, batch_id: str) -> None:
        file = {
            "_id": ObjectId(),
            "filename": f"masks_{batch_id}.tar.xz",
            "length": 1,
            "chunkSize": 261_120,
            "uploadDate": datetime.now(UTC),
        }
        client: MongoClient[Any] = MongoClient(self.store.ensure(), w="majority", journal=True)
        client["QUALITY_IEMSA"]["training_metrics.masks.files"].insert_one(file)

    def programs(self, word: str) -> list[psutil.Process]:
        """Return the site's processes with this word in their command line, below gunicorn."""
        assert self.process is not None
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in below if word in " ".join(child.cmdline())]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("followed")
    store = server_in(folder / "store")
    site = Followed(folder, demo=False, workers=1)
    site.attach(store)
    site.start()
    site.batches().insert_many(batch_document(f"batch_{n:06d}F") for n in range(40))
    yield site
    site.stop()
    store.release()


def test_a_file_that_arrives_is_marked_without_anybody_asking(site: Followed) -> None:
    site.put_file("batch_000001F")
    until(lambda: site.is_marked("batch_000001F"), "the mark of a new file")
    site.put_file("batch_000002F")
    until(lambda: site.is_marked("batch_000002F"), "the mark of the next")


def test_a_killed_watcher_comes_back_and_misses_nothing(site: Followed) -> None:
    until(lambda: site.programs("--watch"), "a watcher")
    for watcher in site.programs("--watch"):
        watcher.kill()
    site.put_file("batch_000003F")
    until(lambda: site.is_marked("batch_000003F"), "the mark of a file of that time")


def test_a_killed_supervisor_comes_back_with_its_watcher(site: Followed) -> None:
    for supervisor in site.programs("segmentacion.supervisor"):
        supervisor.kill()
    until(lambda: len(site.programs("--watch")) == 1, "one watcher, below the new supervisor")
    site.put_file("batch_000004F")
    until(lambda: site.is_marked("batch_000004F"), "the mark")


def test_a_killed_main_database_only_delays_the_mark(site: Followed) -> None:
    site.mongod().kill()
    site.put_file("batch_000005F")
    until(lambda: site.is_marked("batch_000005F"), "the mark after the database came back")


def test_a_store_that_is_killed_and_away_for_a_while_only_delays_the_mark(site: Followed) -> None:
    site.put_file("batch_000006F")
    pid = site.store.status().pid
    assert pid is not None
    psutil.Process(pid).kill()
    time.sleep(AWAY_SECONDS)  # how long it stays away is what is tried
    assert site.visitor().get("/dashboard").status == 200
    site.put_file("batch_000007F")  # `ensure` brings it back
    until(lambda: site.is_marked("batch_000006F"), "the mark of what came just before")
    until(lambda: site.is_marked("batch_000007F"), "the mark of what came after")


def test_of_two_watchers_one_works_and_the_other_takes_over(site: Followed) -> None:
    until(lambda: site.programs("--watch"), "the site's own watcher")
    env = {**site.env, "MONGO_URI": str(EmbeddedMongo(site.folder / "state" / "mongo").ensure())}
    second = psutil.Popen(
        [*site.programs("--watch")[0].cmdline()], env=env, stdout=-1, stderr=-3, text=True
    )
    try:
        assert "en espera" in second.stdout.readline()
        site.put_file("batch_000008F")
        until(lambda: site.is_marked("batch_000008F"), "the mark")
        holder = site.main["segmentacion_db"]["leases"].find_one({"_id": "watch_masks"})
        assert holder is not None
        psutil.Process(holder["info"]["pid"]).kill()
        site.put_file("batch_000009F")
        until(lambda: site.is_marked("batch_000009F"), "the mark by whoever works now")
    finally:
        second.terminate()
        assert second.wait(30) == 0


def test_stopping_the_site_stops_the_programs_beside_it(site: Followed) -> None:
    until(lambda: site.programs("--watch"), "a watcher")
    beside = [*site.programs("segmentacion.supervisor"), *site.programs("--watch")]
    assert len(beside) == 2
    site.stop()
    assert not psutil.wait_procs(beside, timeout=PATIENCE)[1]


def test_watching_does_not_go_with_options_of_a_single_run() -> None:
    done = manage("sync_masks", "--watch", "--force", env=environment())
    assert (done.returncode, "--watch no va con" in done.stderr) == (2, True)
