"""Backing everything up and restoring it, beside a bare cursor and a bare bulk insert.

What is timed of a restore is all of it: plan, safety backup, load, check, indexes, swap.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from batches.models import Batch
from benchmarks.timing import best, head, row
from exports.rules.restoring import Selection
from exports.services.backups import Dump, finish, write_backup
from exports.services.restoring import restore
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import main_collection, main_database

ACTOR = Actor("bench", Channel.COMMAND)
AT_ONCE = 1_000


def backups() -> None:
    """The stream, the checked file, and a restore into an empty and into a full database."""
    collection = main_collection(Batch.COLLECTION)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head("a backup / a bare cursor that writes the same bytes (bar: 1 / 0.60)")
        size = sum(len(piece) for piece in Dump())
        floor = best(lambda: bare_cursor(collection, folder / "floor", size))
        row("the stream, to a file", best(lambda: stream(folder / "ours")), floor, 1 / 0.60)
        row(
            "manage.py backup: fsync, read back",
            best(lambda: finish(write_backup(folder))),
            floor,
            None,
        )
        made = finish(write_backup(folder)).path
        head("a restore of everything / a bare bulk insert of the batches")
        documents = list(collection.find())
        floor = spent(lambda: bare_insert(documents))
        indexed = spent(lambda: bare_insert(documents, indexes=True))
        shares: dict[str, float] = {}
        for label, before in (("into an empty database", empty), ("over what changed", touch)):
            ours = spent(lambda: restored(made, folder, shares), before=before)
            row(f"{label} / insert", ours.wall, floor.wall, 3)
            row(f"{label} / insert, processor time", ours.processor, floor.processor, None)
            row(f"{label} / insert with the indexes", ours.wall, indexed.wall, None)
            print("  of which " + ", ".join(f"{n} {1000 * s:.0f} ms" for n, s in shares.items()))


@dataclass
class Spent:
    """Seconds by the clock, and of the processor: this program's and the server's together."""

    wall: float
    processor: float


def spent(
    work: Callable[[], Any], *, rounds: int = 3, before: Callable[[], Any] | None = None
) -> Spent:
    """Return the least of several rounds, of each kind of time; `before` is not timed."""
    server = psutil.Process(main_database().command("serverStatus")["pid"])
    found = []
    for _ in range(rounds):
        if before:
            before()
        start, used = time.perf_counter(), processor(server)
        work()
        found.append(Spent(time.perf_counter() - start, processor(server) - used))
    return Spent(min(one.wall for one in found), min(one.processor for one in found))


def processor(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system) + time.process_time()


def restored(path: Path, folder: Path, shares: dict[str, float]) -> None:
    """Restore everything: the file read whole and compared, the safety backup written and read
    back, the load, the check, the indexes, the swap. `shares` takes the seconds of each."""
    shares.clear()
    last = time.perf_counter()
    for progress in restore(path, Selection(), actor=ACTOR, backups=folder):
        now = time.perf_counter()
        shares[progress.stage] = shares.get(progress.stage, 0.0) + now - last
        last = now
    shares["el final"] = time.perf_counter() - last


def stream(path: Path) -> None:
    with path.open("wb") as file:
        for piece in Dump():
            file.write(piece)


def bare_cursor(collection: Any, path: Path, size: int) -> None:
    """Read every batch, and write as many bytes as the backup has."""
    count = max(1, collection.estimated_document_count())
    piece = b"x" * (size // count)
    with path.open("wb") as file:
        for _ in collection.find():
            file.write(piece)


def bare_insert(documents: list[Any], *, indexes: bool = False) -> None:
    place = main_database()["bench_bare"]
    place.drop()
    if indexes:
        for index in Batch.INDEXES:
            place.create_index(list(index.keys))
    for start in range(0, len(documents), AT_ONCE):
        place.insert_many(documents[start : start + AT_ONCE], ordered=False)
    place.drop()


def empty() -> None:
    for name in ("batches", "segmentadores", "operations", "trash", "saved_views"):
        main_collection(name).delete_many({})


def touch() -> None:
    main_collection(Batch.COLLECTION).update_many({}, {"$inc": {"touched": 1}})
