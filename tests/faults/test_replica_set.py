"""Three nodes, and the primary killed under mixed load: nothing acknowledged is lost.

`SOAK=1` (make soak): three kills during 60 s of 20 clients; here one kill and fewer clients.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest
from pymongo import MongoClient

from tests.factories import batch_document
from tests.faults.replica_set import ReplicaSet
from tests.faults.test_writers import SHARED, Batches, Writer, collection
from tests.faults.writers import SOAK, check_history
from tests.site import Site, Visitor
from tests.waiting import until

pytestmark = pytest.mark.faults

KILLS, SECONDS = (3, 60.0) if SOAK else (1, 12.0)
WRITERS, READERS = (14, 6) if SOAK else (5, 2)
# After a new primary is there, the site's clients have to find it; the machine may be busy.
FINDING_SECONDS = 15.0
READS = ("/api/batches?per_page=50&sort=-updated_at", "/api/batches?status=NS",
         "/api/export/all-assignments", "/dashboard")  # fmt: skip


class Clocked(Writer):
    """A writer that notes when it was refused an answer it should have had."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.failures: list[float] = []

    def _change(self, batch_id: str, chance: Any) -> int:
        status = super()._change(batch_id, chance)
        if status not in (200, 409):
            self.failures.append(time.monotonic())
        return status


class Reader(threading.Thread):
    """A client that lists and exports."""

    def __init__(self, site: Site, number: int, cookies: Any, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.visitor, self.number, self.stop = Visitor(site.url), number, stop
        for cookie in cookies:
            self.visitor.cookies.set_cookie(cookie)
        self.statuses: Counter[int] = Counter()
        self.failures: list[float] = []

    def run(self) -> None:
        turn = self.number
        while not self.stop.is_set():
            turn += 1
            try:
                status = self.visitor.get(READS[turn % len(READS)]).status
            except (OSError, HTTPException):  # an export that was cut in the middle
                status = 0
            self.statuses[status] += 1
            if status != 200:
                self.failures.append(time.monotonic())
                time.sleep(0.05)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaSet]:
    nodes = ReplicaSet(tmp_path_factory.mktemp("three"))
    try:
        nodes.start()
        yield nodes
    finally:
        nodes.stop()


@pytest.fixture(scope="module")
def site(nodes: ReplicaSet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = {"MONGO_URI": nodes.uri, "EXPORT_RATE": "", "HEAVY_RATE": ""}
    site = Site(tmp_path_factory.mktemp("site"), demo=False, settings=settings)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def kill_primaries(nodes: ReplicaSet, began: float) -> list[tuple[float, float]]:
    """Kill the primary now and then; return from when to when there may have been none."""
    windows = []
    for number in range(KILLS):
        due = began + SECONDS * (number + 0.3) / KILLS
        time.sleep(max(0.0, due - time.monotonic()))
        killed_at = time.monotonic()
        victim = nodes.kill_primary()
        windows.append((killed_at, time.monotonic()))
        victim.start()
        until(nodes.is_whole, "the killed one follows again")
    time.sleep(max(0.0, began + SECONDS - time.monotonic()))
    return windows


def test_a_primary_killed_under_load_loses_no_change_that_was_acknowledged(
    nodes: ReplicaSet, site: Site
) -> None:
    batches: Batches = collection(nodes.uri)
    batches.insert_many(batch_document(f"batch_{n:06d}F") for n in range(SHARED))
    cookies, stop = list(site.visitor().cookies), threading.Event()
    writers = [Clocked(site, number, cookies, stop) for number in range(WRITERS)]
    readers = [Reader(site, number, cookies, stop) for number in range(READERS)]
    began = time.monotonic()
    for client in [*writers, *readers]:
        client.start()
    try:
        windows = kill_primaries(nodes, began)
    finally:
        stop.set()
        for client in [*writers, *readers]:
            client.join(120)
    acknowledged = sum((writer.acknowledged for writer in writers), Counter())
    statuses = sum((client.statuses for client in [*writers, *readers]), Counter())
    failures = [at - began for client in [*writers, *readers] for at in client.failures]
    report(windows, began, acknowledged, statuses, failures)
    for document in batches.find():
        check_history(document, {"comments": "", "metadata.total_masks": 0})
        assert len(document["history"]) >= acknowledged[document["id"]]
    assert acknowledged.total() >= WRITERS
    assert 500 not in statuses
    allowed = [(start - began, end - began + FINDING_SECONDS) for start, end in windows]
    assert [at for at in failures if not any(a <= at <= b for a, b in allowed)] == []
    assert_well(site, batches)


def report(
    windows: list[tuple[float, float]], began: float, acknowledged: Counter[str],
    statuses: Counter[int], failures: list[float],
) -> None:  # fmt: skip
    """Print the figures."""
    without = ", ".join(f"{end - start:.1f} s from {start - began:.1f}" for start, end in windows)
    when = f"{min(failures):.1f}…{max(failures):.1f} s" if failures else "never"
    print(f"\nkills {len(windows)}; without a primary: {without}")
    print(f"acknowledged changes {acknowledged.total()}, answers {dict(statuses)}")
    print(f"answers that were no answer: {len(failures)}, {when}")


def assert_well(site: Site, batches: Batches) -> None:
    """The site works again without anybody's help: reads and writes."""
    visitor = site.visitor()
    assert visitor.get("/readyz").status == 200
    one = visitor.get("/api/batches/batch_000001F").json()["batch"]
    change = {"comments": "Después de todo", "version": one["version"]}
    assert visitor.send("PATCH", f"/api/batches/{one['id']}", change).status == 200
    assert batches.find_one({"id": one["id"]})["comments"] == "Después de todo"  # type: ignore[index]


def test_the_driver_was_told_of_all_three(nodes: ReplicaSet) -> None:
    client = MongoClient[Any](nodes.uri)
    ports = {node.port for node in nodes.nodes}
    until(lambda: {port for _, port in client.nodes} == ports, "the driver knows of all three")
