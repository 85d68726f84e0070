"""The mask sync: full and first against floor and third version; incremental, by both ways."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import ObjectId
from django.conf import settings
from django.db import connections
from pymongo import monitoring

from batches.models import Batch
from benchmarks import older
from benchmarks.dataset import START, bare_copy, reset_marks
from benchmarks.timing import best, head, row
from masks import store
from masks.models import CatalogueFile
from masks.queries import files
from masks.services.sync import run_sync
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo.clients import close_clients, main_collection
from segmentacion.mongo.indexes import ensure_declared

NEW = 10
FEW_FILES = 1_000


def syncing(ids: list[str]) -> None:
    """All of it; leaves marks and catalogue in line with the store."""
    collection = main_collection(Batch.COLLECTION)
    head("mask sync")
    first = best_stages()
    unchanged = best(lambda: run_sync(actor=SYNC_ACTOR, full=True))
    floor = best(lambda: older.floor(collection))
    row("full, nothing changed, catalogue compared / floor", unchanged, floor, 1.5)
    third = best(lambda: older.third_version(collection, ids), before=reset_marks)
    row("first, all change, history: marks / third version", first["marks"], third, 1.5)
    row(
        "  its catalogue / one bare insert_many of the same",
        first["catalogue"],
        bare_insert(),
        None,
    )
    row("  the two together / third version", sum(first.values()), third, None)
    reset_marks()
    bare = bare_copy()
    on_bare = best(lambda: older.third_version(bare, ids), before=lambda: reset_marks(bare))
    row("  marks / third version on an id index alone", first["marks"], on_bare, None)
    bare.drop()
    run_sync(actor=SYNC_ACTOR, full=True)
    head(f"incremental, {NEW} new files (bar: 50 ms)")
    for changes in (True, False):
        incremental(ids, changes)
    with few_files():
        for changes in (True, False):
            incremental(ids, changes)
    run_sync(actor=SYNC_ACTOR, full=True)


def best_stages() -> dict[str, float]:
    """Return the best of two first syncs, the catalogue's stage apart from the rest."""
    rounds = []
    for _ in range(2):
        reset_marks()
        forget()
        at: dict[str, float] = {}

        def progress(stage: str, done: int, total: int, at: dict[str, float] = at) -> None:
            at[stage] = time.perf_counter()

        began = time.perf_counter()
        run_sync(actor=SYNC_ACTOR, progress=progress)
        ended = time.perf_counter()
        rounds.append({"marks": at["write"] - began, "catalogue": ended - at["write"]})
    return min(rounds, key=lambda stages: sum(stages.values()))


def forget() -> None:
    """Empty the catalogue and take the position away, as before a first sync."""
    files.catalogue().drop()
    ensure_declared(CatalogueFile)
    main_collection("leases").delete_many({})


def bare_insert() -> float:
    """Return the time of inserting the catalogue's entries, with its indexes, at once."""
    entries = list(files.catalogue().find())
    again = main_collection("mask_files_bare")
    for index in files.catalogue().list_indexes():
        again.create_index(list(index["key"].items()))
    seconds = best(lambda: again.insert_many(entries, ordered=False), rounds=1)
    again.drop()
    return seconds


def incremental(ids: list[str], changes: bool) -> None:
    """Time a run over a few new files, and one over none, and count their commands."""
    settings.SYNC_CHANGE_STREAMS = changes
    chance = random.Random(3)
    run_sync(actor=SYNC_ACTOR, full=True)
    how = "change stream" if changes else "asking"
    size = f"{store.count():,} files, by {how}"
    for label, count in ((f"{size}, {NEW} new", NEW), (f"{size}, nothing new", 0)):
        with counted() as commands:
            times = []
            for _ in range(7):
                if count:
                    store.files().insert_many([new_file(chance.choice(ids)) for _ in range(count)])
                commands.clear()
                start = time.perf_counter()
                report = run_sync(actor=SYNC_ACTOR, quiet=True)
                times.append(time.perf_counter() - start)
                assert report.mode == "incremental", report.why_full
        total = sum(commands.values())
        middle = sorted(times)[len(times) // 2]
        print(f"{label:<58} {1000 * min(times):>7.1f} ms best {1000 * middle:>7.1f} ms median"
              f" {total:>4} commands")  # fmt: skip


def new_file(batch_id: str) -> dict[str, Any]:
    uploaded = START.replace(year=START.year + 1)
    return {"_id": ObjectId(), "filename": f"n_{batch_id}.zip", "uploadDate": uploaded, "length": 1}


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the commands that are sent, all of them."""
    seen: Counter[str] = Counter()

    class Listener(monitoring.CommandListener):
        def started(self, event: Any) -> None:
            seen[event.command_name] += 1

        def succeeded(self, event: Any) -> None: ...

        def failed(self, event: Any) -> None: ...

    options = settings.MONGO_OPTIONS
    close_clients()
    settings.MONGO_OPTIONS = {**options, "event_listeners": [Listener()]}
    connections["default"].settings_dict["OPTIONS"] = settings.MONGO_OPTIONS
    try:
        yield seen
    finally:
        close_clients()
        settings.MONGO_OPTIONS = connections["default"].settings_dict["OPTIONS"] = options


@contextmanager
def few_files() -> Iterator[None]:
    """Leave a few files in the store meanwhile."""
    everything = list(store.files().find())
    put_anew(everything[:FEW_FILES])
    run_sync(actor=SYNC_ACTOR, full=True, force=True)
    yield
    put_anew(everything)


def put_anew(documents: list[dict[str, Any]]) -> None:
    """Put these into the store instead of what is there."""
    store.files().drop()
    store.files().create_index(store.NAMES_INDEX)
    store.files().insert_many(documents, ordered=False)
