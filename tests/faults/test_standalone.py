"""The whole product on a standalone server of the team's: no transactions, no change streams."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.factories import batch_document
from tests.faults.test_watching import Followed
from tests.waiting import until

pytestmark = pytest.mark.faults


class OnStandalone(Followed):
    """A site whose data and store live on one standalone server, found by its URI."""

    def attach(self, store: EmbeddedMongo) -> None:
        self.store = store
        self.settings = {
            "MONGO_URI": store.ensure(), "SUPERVISE": "true", "WATCH_POLL_SECONDS": "0.5",
        }  # fmt: skip

    @property
    def main(self) -> MongoClient[Any]:
        return MongoClient(self.store.ensure(), serverSelectionTimeoutMS=2_000)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnStandalone]:
    folder: Path = tmp_path_factory.mktemp("standalone")
    server = EmbeddedMongo(folder / "server", replica_set=False)
    site = OnStandalone(folder, demo=False, workers=1)
    site.attach(server)
    site.start()
    site.batches().insert_many(batch_document(f"batch_{n:06d}F") for n in range(20))
    yield site
    site.stop()
    server.release()


def test_what_is_changed_and_undone_is_in_the_history(site: OnStandalone) -> None:
    lead = site.visitor()
    changed = lead.send("PATCH", "/api/batches/batch_000001F", {"priority": "alta", "version": 1})
    assert changed.status == 200, changed.text
    many = {"select": {"range": "000002F-000009F"}, "set": {"assignee": "Flor"}}
    done = lead.send("POST", "/api/batches/bulk", many).json()
    assert (done["changed"], done["refused"]) == (8, [])
    undone = lead.send("POST", f"/api/undo/{done['operation']}", {}).json()
    assert undone["restored"] == 8
    events = site.batches().find_one({"id": "batch_000002F"})["history"]
    assert [event["channel"] for event in events] == ["web", "web"]


def test_files_are_found_by_asking(site: OnStandalone) -> None:
    site.put_file("batch_000010F")
    until(lambda: site.is_marked("batch_000010F"), "the mark of a new file")
    watcher = site.main["segmentacion_db"]["leases"].find_one({"_id": "watch_masks"})
    assert watcher is not None
    assert watcher["info"]["mode"] == "poll"


def test_a_killed_server_loses_nothing_that_was_answered(site: OnStandalone) -> None:
    lead = site.visitor()
    for number in range(11, 16):
        body = {"comments": "guardado", "version": 1}
        assert lead.send("PATCH", f"/api/batches/batch_{number:06d}F", body).status == 200
    pid = site.store.status().pid
    assert pid is not None
    victim = psutil.Process(pid)
    victim.kill()
    psutil.wait_procs([victim], timeout=30)  # one that is still dying would be joined
    site.put_file("batch_000016F")  # `ensure` brings it back
    assert site.batches().count_documents({"comments": "guardado", "version": 2}) == 5
    until(lambda: site.is_marked("batch_000016F"), "the mark after the server came back")
    until(lambda: site.visitor().get("/dashboard").status == 200, "the dashboard")
