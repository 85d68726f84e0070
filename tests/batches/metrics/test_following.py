"""Sums that follow what changed are those of a full recount, whoever changed it and however."""

import contextlib
import os
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from batches.models import Batch
from batches.queries import selection
from batches.rules.changes import Asker, Refusal
from batches.rules.metrics.tally import Tally
from batches.services import bulk, deleting, trash
from batches.services.changing import change_batch
from batches.services.commenting import add_comment
from batches.services.metrics import following, keeping, shares, storing
from batches.services.undoing import NotUndoableError, UnknownOperationError, undo
from batches.services.verdicts import write_verdicts
from crew.services import add_person, change_person
from segmentacion.actors import new_operation
from segmentacion.mongo.clients import main_collection, main_database
from segmentacion.mongo.indexes import ensure_index
from tests.factories import ACTOR, batch_document, make_batches

pytestmark = pytest.mark.usefixtures("main_on_replica_set")
LEAD = Asker("lider", may_edit=True, may_review=True)
COUNT = keeping._counted
IDS = [f"batch_{n:06d}F" if n % 2 else f"batch_T{n:06d}" for n in range(12)]


@pytest.fixture(autouse=True)
def team(main_on_replica_set: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Flor", "Ceci"):
        add_person(name=name)
    make_batches(batch_document(batch_id, created_at=days_ago(60)) for batch_id in IDS)
    monkeypatch.setattr(following, "MOST_SECONDS", 60.0)  # however busy this machine is
    monkeypatch.setattr(keeping, "LONG_SECONDS", 600.0)
    monkeypatch.setattr(shares, "PER_BLOCK", 4)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grow with each full recount."""
    made: list[int] = []
    monkeypatch.setattr(keeping, "_counted", lambda **how: made.append(1) or COUNT(**how))
    return made


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def batches() -> Any:
    return main_collection(Batch.COLLECTION)


def plain(tally: Tally) -> Any:
    """Return all that sums hold, whatever the order in which it came."""
    return tally.batches, {
        key: (
            {place: (c.counts, sorted(c.minutes), c.facts) for place, c in sums.cells.items()},
            sums.held,
        )
        for key, sums in tally.slices.items()
    }


def kept() -> Any:
    """Return the sums of now, as they are kept."""
    head, tally = keeping.sums()
    loaded = storing.load(head)
    assert loaded is not None
    if tally is not None:
        assert plain(tally) == plain(loaded)
    return plain(loaded)


def recounted() -> Any:
    return plain(COUNT(keep_shares=False)[0])


def change(batch_id: str, **asked: Any) -> None:
    change_batch(batch_id, asked, asker=LEAD, actor=ACTOR)


class Life:
    """What people, programs and clocks do, at random."""

    def __init__(self, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chance, self.patch = chance, monkeypatch
        self.done: list[str] = []
        self.names = ["Flor", "Ceci"]
        self.acts: list[Callable[[], object]] = [
            self.give, self.give, self.work, self.work, self.review, self.many, self.back,
            self.back, self.remove, self.restore, self.purge, self.rename, self.say, self.verify,
            self.another_program, self.another_program, self.another_history, self.come_and_go,
            self.pass_time,
        ]  # fmt: skip

    def act(self) -> str:
        act = self.chance.choice(self.acts)
        with contextlib.suppress(Refusal, NotUndoableError, UnknownOperationError):
            act()
        return act.__name__

    def _id(self) -> str:
        found: str = self.chance.choice(batches().distinct("id"))
        return found

    def _change(self, **asked: Any) -> None:
        operation = new_operation()
        change_batch(self._id(), asked, asker=LEAD, actor=ACTOR, operation=operation)
        self.done.append(operation)

    def give(self) -> None:
        self._change(assignee=self.chance.choice(self.names))

    def work(self) -> None:
        self._change(status=self.chance.choice(["In", "S"]))

    def review(self) -> None:
        self._change(review_status=self.chance.choice(["Aprobado", "No Aprobado"]),
                     review_comment="bordes")  # fmt: skip

    def many(self) -> None:
        documents = selection.documents_with_ids(self.chance.sample(IDS, 5))
        asked = {"priority": self.chance.choice(["alta", "baja"]), "due_date": "2025-11-01"}
        self._done(bulk.change_many(documents, asked, asker=LEAD, actor=ACTOR))

    def _done(self, report: bulk.BulkReport) -> None:
        self.done += [report.operation] if report.operation else []

    def back(self) -> None:
        if self.done:
            report = undo(self.chance.choice(self.done), asker=LEAD, actor=ACTOR)
            self.done.append(report.operation)

    def remove(self) -> None:
        documents = selection.documents_with_ids([self._id()])
        self._done(deleting.delete_many(documents, [], actor=ACTOR, operation=None))

    def restore(self) -> None:
        entries = list(main_collection("trash").find({"kind": "batch"}).limit(2))
        trash.restore(entries, actor=ACTOR, operation=new_operation())

    def purge(self) -> None:
        trash.empty(actor=ACTOR, operation=new_operation())

    def rename(self) -> None:
        old = self.names.pop(0)
        self.names.append(f"{old[:4]}{self.chance.randrange(10_000)}")
        change_person(old, name=self.names[-1], actor=ACTOR)

    def say(self) -> None:
        add_comment(self._id(), "hola", actor=ACTOR)

    def verify(self) -> None:
        write_verdicts({self._id(): {"kind": "whole"}}, actor=ACTOR, operation=new_operation())

    def another_program(self) -> None:
        values = {"status": self.chance.choice(["Segmentado", "NS", 7]),
                  "assignee": self.chance.choice([*self.names, "", None])}  # fmt: skip
        batches().update_one({"id": self._id()}, {"$set": values})

    def another_history(self) -> None:
        event = {"at": "2025-10-03 10:00:00",
                 "changes": [{"field": "status", "old": "NS", "new": "S"}]}  # fmt: skip
        batches().update_one({"id": self._id()}, {"$set": {"history": [event]}})

    def come_and_go(self) -> None:
        batches().delete_one({"id": self._id()})
        batches().insert_one(
            {"_id": self.chance.randrange(10**9), "id": f"batch_{self.chance.randrange(10**6)}"}
        )

    def pass_time(self) -> None:
        """A clock that is put on, or back."""
        by = timedelta(days=self.chance.choice([1, 40, -2]), hours=self.chance.randrange(24))
        self.patch.setattr(timezone, "now", lambda: datetime.now(UTC) + by)


@pytest.mark.parametrize("seed", range(60 if os.environ.get("SOAK") else 2))
def test_whatever_happens_the_sums_are_those_of_a_recount(
    seed: int, monkeypatch: pytest.MonkeyPatch, counted: list[int]
) -> None:
    life = Life(random.Random(seed), monkeypatch)
    told = []
    for _ in range(45):
        told.append(life.act())
        if life.chance.random() < 0.5:
            assert kept() == recounted(), told
    assert kept() == recounted(), told


def test_only_what_changed_is_read_again(
    monkeypatch: pytest.MonkeyPatch, counted: list[int]
) -> None:
    kept()
    read: list[Any] = []
    look = following.queries.shares
    change(IDS[0], assignee="Flor")
    batches().update_one({"id": IDS[1]}, {"$set": {"status": "S"}})
    with monkeypatch.context() as watched:
        watched.setattr(
            following.queries, "shares", lambda *asked: read.append(asked[2]) or look(*asked)
        )
        found = kept()
    assert [len(keys) for keys in read] == [2]
    assert len(counted) == 1
    assert found == recounted()


def test_what_says_nothing_about_the_work_leaves_the_answers(counted: list[int]) -> None:
    before = keeping.sums()[0]
    add_comment(IDS[0], "hola", actor=ACTOR)
    assert keeping.sums()[0].token == before.token
    assert len(counted) == 1


def test_another_programs_transaction_is_seen_though_its_writes_were_told_before(
    monkeypatch: pytest.MonkeyPatch, counted: list[int]
) -> None:
    kept()
    with main_database().client.start_session() as other, other.start_transaction():
        batches().update_one({"id": IDS[0]}, {"$set": {"status": "S"}}, session=other)
        before = kept()
    monkeypatch.setattr(keeping, "LOOK_AGAIN", timedelta(0))
    assert kept() == recounted() != before
    assert len(counted) == 1


@pytest.mark.parametrize("trouble", ["renamed", "replaced", "many", "parts", "blocks", "odd"])
def test_what_cannot_be_followed_is_counted_anew(
    trouble: str, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(IDS[0], assignee="Flor")
    kept()
    change(IDS[1], assignee="Flor")
    if trouble == "renamed":
        change_person("Flor", name="Florencia", actor=ACTOR)
    elif trouble == "replaced":
        batches().aggregate([{"$out": "batches_other"}])
        for index in Batch.INDEXES:
            ensure_index(main_collection("batches_other"), index)
        main_collection("batches_other").rename(Batch.COLLECTION, dropTarget=True)
    elif trouble == "many":
        monkeypatch.setattr(following, "MOST_CHANGES", 0)
    elif trouble == "odd":
        cache().update_many({"block": {"$exists": True}}, [{"$set": {"lines": b"x"}}])
    else:
        part = {"parts": "part", "blocks": "block"}[trouble]
        cache().delete_many({part: {"$exists": True}})
    assert kept() == recounted()
    assert len(counted) == 2


def cache() -> Any:
    return main_collection(storing.COLLECTION)


def test_many_workers_and_many_writers_end_at_the_recount(counted: list[int]) -> None:
    kept()
    go = threading.Barrier(5)
    trouble: list[BaseException] = []

    def busy(act: Callable[[], object]) -> None:
        try:
            go.wait(60)
            for _ in range(6):
                act()
        except BaseException as error:
            trouble.append(error)

    def writer(number: int) -> Callable[[], None]:
        chance = random.Random(number)
        return lambda: change(
            chance.choice(IDS[number::2]), assignee=chance.choice(["Flor", "Ceci"])
        )

    acts = [writer(0), writer(1), keeping.sums, keeping.sums, keeping.make]
    threads = [threading.Thread(target=busy, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble
    assert kept() == recounted()


def test_a_worker_that_is_cut_off_leaves_the_sums_of_before(
    monkeypatch: pytest.MonkeyPatch, counted: list[int]
) -> None:
    before = kept()
    change(IDS[0], assignee="Flor")
    with monkeypatch.context() as cut:
        cut.setattr(storing, "add_parts", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            keeping.sums()
    head = storing.find_head()
    assert head is not None
    loaded = storing.load(storing.head_of(head))
    assert loaded is not None
    assert plain(loaded) == before
    assert kept() == recounted()
    assert len(counted) == 1


def test_a_worker_that_died_in_the_middle_keeps_nobody_waiting(counted: list[int]) -> None:
    """Its transaction stands until the server ends it: the others go on with the sums of before."""
    before = kept()
    change(IDS[0], assignee="Flor")
    with main_database().client.start_session() as dead:
        dead.start_transaction()
        cache().update_one({"_id": storing.HEAD}, {"$set": {"people": ["nadie"]}}, session=dead)
        assert kept() == before
        dead.abort_transaction()
    assert kept() == recounted() != before
    assert len(counted) == 1
