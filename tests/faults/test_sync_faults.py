"""The sync when servers and processes die under it. Real processes, real SIGKILL.

`SOAK=1` (make soak) runs many more rounds.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.mongods import server_in
from tests.site import ROOT, environment, manage
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.faults

ROUNDS = 40 if os.environ.get("SOAK") == "1" else 1
Documents = list[dict[str, Any]]


class Installation:
    """A main server and a mask store of their own, and the command that syncs them."""

    def __init__(self, folder: Path) -> None:
        self.main = server_in(folder / "main")
        self.store = server_in(folder / "store")
        self.env = environment(
            MONGO_URI=self.main.ensure(),
            TRAINING_MONGO_URI=self.store.ensure(),
            STATE_DIRECTORY=str(folder / "state"),
        )
        assert manage("migrate", "-v", "0", env=self.env).returncode == 0

    def batches(self) -> Any:
        return MongoClient(self.main.ensure())["segmentacion_db"]["batches"]

    def runs(self) -> Any:
        return MongoClient(self.main.ensure())["segmentacion_db"]["sync_runs"]

    def files(self) -> Any:
        return MongoClient(self.store.ensure())["QUALITY_IEMSA"]["training_metrics.masks.files"]

    def fill(self, batches: int, files: int, *, repeat: int = 1) -> None:
        """Make batches, and files for the first of them (each name `repeat` times)."""
        self.batches().delete_many({})
        self.files().delete_many({})
        self.batches().insert_many(
            {"id": f"batch_{n:06d}F", "mongo_uploaded": False, "history": [], "version": 1}
            for n in range(batches)
        )
        self.files().insert_many(
            {"filename": f"masks_batch_{n:06d}F.tar.xz"}
            for n in range(files)
            for _ in range(repeat)
        )

    def sync(self, *flags: str) -> subprocess.CompletedProcess[str]:
        return manage("sync_masks", *flags, env=self.env)

    def start_sync(self) -> "subprocess.Popen[str]":
        command = [sys.executable, str(ROOT / "manage.py"), "sync_masks"]
        return subprocess.Popen(
            command, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def wait_for_run(self, seen: int) -> None:
        """Wait until one more run has been recorded as begun."""
        runs = self.runs()
        until(lambda: runs.count_documents({}) > seen, "a run begins", pause=0.002)

    def documents(self) -> Documents:
        return list(self.batches().find().sort("_id"))

    def marks(self) -> Documents:
        wanted = {"_id": 1, "mongo_uploaded": 1, "file_info": 1}
        return list(self.batches().find({}, wanted).sort("_id"))


def kill(server: EmbeddedMongo) -> None:
    pid = server.status().pid
    assert pid is not None
    process = psutil.Process(pid)
    process.kill()
    psutil.wait_procs([process], timeout=30)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("faults"))
    yield installation
    installation.main.release()
    installation.store.release()


@contextmanager
def stopped(process: "subprocess.Popen[str]") -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    yield
    process.send_signal(signal.SIGCONT)


def test_an_unreachable_store_changes_nothing_and_exits_1(installation: Installation) -> None:
    installation.fill(batches=50, files=20)
    before = installation.documents()
    kill(installation.store)
    done = installation.sync()
    assert done.returncode == 1
    assert "no responde: no se cambió nada" in done.stderr
    assert installation.documents() == before
    installation.store.ensure()
    assert installation.sync().returncode == 0


def test_an_unreachable_main_database_exits_1_in_spanish(installation: Installation) -> None:
    kill(installation.main)
    done = installation.sync("--json")
    installation.main.ensure()
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["success"] is False
    assert "DB no disponible" in report["error"]


def test_a_store_killed_while_it_is_read_changes_nothing(installation: Installation) -> None:
    installation.fill(batches=2_000, files=2_000, repeat=40)
    before = installation.documents()
    for _ in range(ROUNDS):
        seen = installation.runs().count_documents({})
        process = installation.start_sync()
        installation.wait_for_run(seen)
        time.sleep(0.03)
        kill(installation.store)
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, errors
        assert "no se cambió nada" in errors
        assert installation.documents() == before
        installation.store.ensure()


def test_a_sync_killed_while_it_reads_changes_nothing_and_leaves_no_lock_for_long(
    installation: Installation,
) -> None:
    installation.fill(batches=2_000, files=2_000, repeat=40)
    before = installation.documents()
    seen = installation.runs().count_documents({})
    process = installation.start_sync()
    installation.wait_for_run(seen)
    process.kill()
    process.communicate()
    assert installation.documents() == before
    leases = MongoClient(installation.main.ensure())["segmentacion_db"]["leases"]
    lease = leases.find_one({"_id": "sync_masks"})
    assert (lease["expires_at"].timestamp() - lease["taken_at"].timestamp()) <= 31
    leases.update_one({"_id": "sync_masks"}, {"$set": {"expires_at": lease["taken_at"]}})
    assert installation.sync().returncode == 0


def test_mongod_killed_while_5_000_marks_are_written_loses_nothing(
    installation: Installation,
) -> None:
    chance = random.Random(11)
    for _ in range(ROUNDS):
        installation.fill(batches=5_000, files=5_000)
        seen = installation.runs().count_documents({})
        process = installation.start_sync()
        installation.wait_for_run(seen)
        time.sleep(chance.uniform(0.05, 0.5))
        kill(installation.main)
        process.communicate(timeout=PATIENCE)
        installation.main.ensure()
        leases = MongoClient(installation.main.ensure())["segmentacion_db"]["leases"]
        leases.delete_many({})  # what waiting 30 s would do
        assert installation.sync().returncode == 0
        assert_as_a_fresh_sync(installation)


def assert_as_a_fresh_sync(installation: Installation) -> None:
    """Every mark is right, recorded once, and another run finds nothing to do."""
    again = json.loads(installation.sync("--json").stdout)
    assert (again["batches_updated"], again["already_updated"]) == (0, 5_000)
    for document in installation.documents():
        (event,) = document["history"]
        assert document["mongo_uploaded"] is True
        assert event["changes"][0] == {"field": "mongo_uploaded", "old": False, "new": True}
    resynced = installation.marks()
    installation.batches().update_many(
        {}, {"$set": {"mongo_uploaded": False}, "$unset": {"file_info": ""}}
    )
    assert installation.sync("--full").returncode == 0
    assert installation.marks() == resynced


def test_of_two_at_once_one_runs_and_the_other_says_so(installation: Installation) -> None:
    installation.fill(batches=2_000, files=2_000, repeat=40)
    seen = installation.runs().count_documents({})
    first = installation.start_sync()
    installation.wait_for_run(seen)
    with stopped(first):
        second = installation.sync()
    _, errors = first.communicate(timeout=PATIENCE)
    assert (first.returncode, second.returncode) == (0, 1), errors
    assert "Ya hay una sincronización en curso" in second.stderr
    marks = installation.marks()
    assert all(mark["file_info"]["file_count"] == 40 for mark in marks)


def test_many_at_once_end_right(installation: Installation) -> None:
    installation.fill(batches=2_000, files=1_000)
    processes = [installation.start_sync() for _ in range(4)]
    for process in processes:
        process.communicate(timeout=120)
    assert 0 in {process.returncode for process in processes}
    marked = [mark for mark in installation.marks() if mark["mongo_uploaded"]]
    assert len(marked) == 1_000
    assert all(len(document["history"]) <= 1 for document in installation.documents())


def test_wrong_usage_exits_2(installation: Installation) -> None:
    assert installation.sync("--no-existe").returncode == 2
