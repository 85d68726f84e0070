"""Many clients at once: no error, memory that stays, and how long answers take.

`SOAK=1` (make soak): 50 clients for 60 s on 100,000 batches, two workers; here a short version.
What it prints is for people to read: no time is asserted.
"""

import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from http.client import HTTPException
from typing import Any

import pytest
from pymongo import MongoClient

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.factories import batch_document
from tests.faults.writers import SOAK
from tests.site import ROOT, Site, Visitor
from tests.waiting import until

pytestmark = pytest.mark.faults

BATCHES, CLIENTS, SECONDS = (100_000, 50, 60.0) if SOAK else (2_000, 10, 4.0)
# A process that served for a while holds what it needs; beyond this share more it grows.
GROWTH = 1.25
PEOPLE = ("Ceci", "Flor", "Ignacio", "Maggie", "Mauricio")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = {"EXPORT_RATE": "", "HEAVY_RATE": ""}
    site = Site(tmp_path_factory.mktemp("load"), demo=False, workers=2, settings=settings)
    try:
        site.start()
        uri = EmbeddedMongo(site.folder / "state" / "mongo").status().uri
        batches = MongoClient[dict[str, Any]](uri)["segmentacion_db"]["batches"]
        chance = random.Random(3)
        for start in range(0, BATCHES, 10_000):
            batches.insert_many(
                batch_document(f"batch_{n:06d}F", assignee=chance.choice(PEOPLE), status="In")
                for n in range(start, min(start + 10_000, BATCHES))
            )
        yield site
    finally:
        site.stop()


class Client(threading.Thread):
    """Somebody at work: looks at lists and batches, changes one now and then."""

    def __init__(self, site: Site, number: int, cookies: Any, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.visitor, self.stop = Visitor(site.url), stop
        for cookie in cookies:
            self.visitor.cookies.set_cookie(cookie)
        self.chance = random.Random(number)
        self.took: dict[str, list[float]] = defaultdict(list)
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self.stop.is_set():
            route, path = self._next()
            began = time.perf_counter()
            try:
                status = self._change(path) if route == "PATCH" else self.visitor.get(path).status
            except (OSError, HTTPException) as error:
                self.wrong.append(f"{route} {path}: {error}")
                continue
            self.took[route].append(time.perf_counter() - began)
            if status not in (200, 409):
                self.wrong.append(f"{route} {path}: {status}")

    def _next(self) -> tuple[str, str]:
        batch = f"/api/batches/batch_{self.chance.randrange(BATCHES):06d}F"
        page = self.chance.randrange(1, BATCHES // 50)
        return self.chance.choice(
            [
                ("list", f"/api/batches?page={page}"),
                ("list", f"/api/batches?assignee={self.chance.choice(PEOPLE)}&sort=-updated_at"),
                ("dashboard", f"/dashboard?page={page}"),
                ("batch", batch),
                ("PATCH", batch),
                ("healthz", "/healthz"),
            ]
        )

    def _change(self, path: str) -> int:
        return self.visitor.send("PATCH", path, {"comments": str(self.chance.random())}).status


def memory(site: Site) -> list[int]:
    """Return the resident memory of each worker, in MB."""
    return sorted(worker.memory_info().rss >> 20 for worker in site.worker_processes())


def test_many_clients_meet_no_error_and_memory_stays(site: Site) -> None:
    cookies, stop = list(site.visitor().cookies), threading.Event()
    clients = [Client(site, number, cookies, stop) for number in range(CLIENTS)]
    workers = {worker.pid for worker in site.worker_processes()}
    for client in clients:
        client.start()
    time.sleep(SECONDS / 3)  # caches and pools are full by now
    first = memory(site)
    time.sleep(SECONDS * 2 / 3)
    last = memory(site)
    stop.set()
    for client in clients:
        client.join(120)
    report(clients, first, last)
    assert [wrong for client in clients for wrong in client.wrong] == []
    assert {worker.pid for worker in site.worker_processes()} == workers
    assert sum(last) <= GROWTH * sum(first)


def report(clients: list[Client], first: list[int], last: list[int]) -> None:
    """Print requests and times per route, and the memory of the workers."""
    took: dict[str, list[float]] = defaultdict(list)
    for client in clients:
        for route, times in client.took.items():
            took[route] += times
    print(f"\n{BATCHES:,} batches, {CLIENTS} clients, {SECONDS:.0f} s, 2 workers")
    for route, times in sorted(took.items()):
        ordered = sorted(times)
        half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
        rate = len(times) / SECONDS
        print(
            f"{route:<10} {rate:7.1f}/s   median {half * 1000:6.0f} ms   p95 {most * 1000:6.0f} ms"
        )
    print(f"memory of the workers: {first} MB, at the end {last} MB")


class Elsewhere:
    """Another process of the product, which does what it is told."""

    def __init__(self, site: Site) -> None:
        read = "import sys\nfor line in sys.stdin: exec(line); print('done', flush=True)"
        imports = "from django.contrib.auth.models import Group, User\n"
        command = [sys.executable, str(ROOT / "manage.py"), "shell", "-c", imports + read]
        self.process = subprocess.Popen(
            command, env=site.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, statement: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(statement + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:  # the shell says first what it imports
            if line.strip() == "done":
                return
        raise AssertionError("the other process ended")


def reached(count: list[int], enough: int) -> bool:
    return count[0] >= enough


@pytest.fixture
def elsewhere(site: Site) -> Iterator[Elsewhere]:
    other = Elsewhere(site)
    yield other
    assert other.process.stdin is not None
    other.process.stdin.close()
    other.process.wait(60)


def test_what_an_account_loses_elsewhere_it_loses_in_every_worker_at_once(
    site: Site, elsewhere: Elsewhere
) -> None:
    """Workers keep an account from one request to the next: not a moment after it changed."""
    elsewhere.do("user = User.objects.create_user('mira', password='clave-de-mira-1')")
    elsewhere.do("viewers = Group.objects.get(name='Lectura'); user.groups.add(viewers)")
    visitor, stop = Visitor(site.url), threading.Event()
    visitor.login("mira", "clave-de-mira-1")
    due, answered, wrong = [200], [0], []

    def hammer() -> None:
        mine = Visitor(site.url)
        for cookie in visitor.cookies:
            mine.cookies.set_cookie(cookie)
        while not stop.is_set():
            before = due[0]
            status = mine.get("/api/batches?per_page=1").status
            answered[0] += 1
            if before and due[0] == before != status:
                wrong.append((before, status))

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for statement, status in (
        ("user.groups.clear()", 403),
        ("user.groups.add(viewers)", 200),
        ("user.is_active = False; user.save()", 401),
    ):
        due[0] = 0  # either may be answered while it happens
        elsewhere.do(statement)
        due[0] = status
        until(partial(reached, answered, answered[0] + 40), "answers of after the change")
    stop.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
