"""A backup is one moment of the database, whatever others write while it is read.

`SOAK=1` (make soak) reads more of them.
"""

import json
import threading
from pathlib import Path

from exports.services.backups import Dump, finish, write_backup
from segmentacion.mongo.clients import main_collection, main_database
from tests.factories import batch_document, make_batch, make_batches, stored
from tests.faults.writers import SOAK
from tests.mongods import STANDALONE
from tests.waiting import until


def test_a_backup_is_one_moment_whatever_is_written_meanwhile(mongo: None) -> None:
    make_batches(batch_document(f"batch_{n:06d}F", status="NS") for n in range(1_500))
    dump = Dump()
    pieces = iter(dump)
    head = next(pieces)
    done = threading.Event()

    def write() -> None:
        main_collection("batches").update_many({}, {"$set": {"status": "S"}})
        main_collection("batches").insert_many([batch_document("batch_999999F")])
        done.set()

    threading.Thread(target=write).start()
    assert done.wait(30)
    found = json.loads(head + b"".join(pieces))
    statuses = {batch["status"] for batch in found["batches"]}
    assert found["backup_info"]["consistent"] is not STANDALONE
    if STANDALONE:
        assert len(found["batches"]) >= 1_500
    else:
        assert (len(found["batches"]), statuses) == (1_500, {"NS"})


class Mover(threading.Thread):
    """Moves masks from one batch to another in transactions, until it is told to stop."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__()
        self.changes, self.moved, self.stop = ((source, -1), (target, 1)), 0, threading.Event()

    def run(self) -> None:
        batches = main_collection("batches")
        with batches.database.client.start_session() as session:
            while not self.stop.is_set():
                with session.start_transaction():
                    for name, masks in self.changes:
                        change = {"$inc": {"metadata.total_masks": masks}}
                        batches.update_one({"id": name}, change, session=session)
                self.moved += 1


def masks_by_batch(mover: Mover) -> dict[str, int]:
    """Make a backup while masks are moved; return what it says."""
    pieces = iter(Dump())
    head, begun = next(pieces), mover.moved
    until(lambda: mover.moved > begun + 5, "masks move while the backup is read", pause=0.002)
    batches = json.loads(head + b"".join(pieces))["batches"]
    return {batch["id"]: batch["metadata"]["total_masks"] for batch in batches}


def test_two_batches_that_change_together_are_never_seen_apart(main_on_replica_set: None) -> None:
    make_batches(batch_document(f"batch_{n:06d}F", metadata__total_masks=1_000) for n in range(600))
    first, last = "batch_000000F", "batch_000599F"
    mover = Mover(first, last)
    mover.start()
    try:
        for _ in range(30 if SOAK else 3):
            masks = masks_by_batch(mover)
            assert masks[first] + masks[last] == 2_000
    finally:
        mover.stop.set()
        mover.join(60)
    assert stored(first)["metadata"]["total_masks"] == 1_000 - mover.moved


def test_a_moment_that_the_server_gives_up_makes_a_backup_that_says_it_has_none(
    main_on_replica_set: None, tmp_path: Path
) -> None:
    make_batches(batch_document(f"batch_{n:06d}F", comments="x" * 3_000) for n in range(1_200))
    admin, window = main_database().client.admin, "minSnapshotHistoryWindowInSeconds"
    before = admin.command("getParameter", 1, **{window: 1})[window]
    admin.command("setParameter", 1, **{window: 0})
    try:
        steps = write_backup(tmp_path)
        next(steps)  # the head: the moment is chosen
        for n in range(20):  # the server forgets what was, once newer things are written
            make_batch(f"batch_{n}", comments="más")
        made = finish(steps)
    finally:
        admin.command("setParameter", 1, **{window: before})
    found = json.loads(made.path.read_text(encoding="utf-8"))
    assert found["backup_info"]["consistent"] is False
    assert len(found["batches"]) == 1_220
    assert [p.suffix for p in tmp_path.iterdir()] == [".json"]


def test_without_snapshots_it_says_so_and_whether_something_changed(mongo: None) -> None:
    make_batch("batch_1")
    dump = Dump(snapshot=False)
    pieces = iter(dump)
    head = next(pieces)
    make_batch("batch_2")
    found = json.loads(head + b"".join(pieces))
    assert found["backup_info"]["consistent"] is False
    assert found["integrity"]["changed_meanwhile"] is True
