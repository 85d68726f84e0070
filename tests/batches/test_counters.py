"""The kept counters and loads are those of a recount, whoever writes, and whenever."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from datetime import time as dawn
from importlib import import_module
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from batches import queries
from batches.models import Batch
from batches.queries import board, counts
from batches.queries.counters import Counters, recount
from batches.queries.lookups import UnknownBatchError
from batches.rules.changes import Asker
from batches.rules.filters import BatchFilter
from batches.rules.states import BatchError
from batches.services import trash
from batches.services.bulk import change_many
from batches.services.changing import change_batch
from batches.services.creating import create_batches
from crew.services import add_person
from segmentacion.actors import new_operation
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, batch_document, make_batch, make_batches

pytestmark = pytest.mark.usefixtures("mongo")
LEAD = Asker("lider", may_edit=True, may_review=True)
PEOPLE = ("Flor", "Ceci", "Maggie")
NO_HISTORY = {"history": 0}
BATCHES, WRITERS, ACTS = 40, 4, 12


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the counters were counted anew."""
    counted: list[int] = []
    module = import_module("batches.queries.counters")  # the package has a function of this name
    monkeypatch.setattr(module, "recount", lambda: counted.append(1) or recount())
    return counted


def test_they_are_kept_while_nobody_writes(counting: list[int]) -> None:
    make_batch("batch_1")
    assert [queries.counters().total for _ in range(3)] == [1, 1, 1]
    assert len(counting) == 1


def test_many_who_ask_at_once_have_them_counted_once(
    counting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_batch("batch_1")
    monkeypatch.setattr(counts, "TURN_SECONDS", 60.0)
    together, found = threading.Barrier(8), []

    def ask() -> None:
        together.wait()
        found.append(queries.counters().total)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 8
    assert len(counting) == 1


def test_who_counts_for_too_long_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    make_batch("batch_1")
    monkeypatch.setattr(counts, "TURN_SECONDS", 0.01)
    for turn in counts._turns.locks:
        turn.acquire()
    try:
        found: list[int] = []
        other = threading.Thread(target=lambda: found.append(queries.counters().total))
        other.start()
        other.join(60)
        assert found == [1]
    finally:
        for turn in counts._turns.locks:
            turn.release()


def one_by_one() -> Counters:
    """Count again from the documents, without the database's help."""
    today = datetime.combine(timezone.localdate(), dawn(), UTC)
    found = list(main_collection(Batch.COLLECTION).find())

    def late(one: dict[str, Any]) -> bool:
        due = one["metadata"].get("due_date")
        return isinstance(due, datetime) and due < today and one["status"] != "S"

    def doubtful(one: dict[str, Any]) -> bool:
        kind = (one.get("mask_verdict") or {}).get("kind")
        return one["mongo_uploaded"] and kind not in (None, "whole")

    statuses = [one["status"] for one in found]
    return Counters(
        total=len(found),
        ns=statuses.count("NS"),
        in_progress=statuses.count("In"),
        s=statuses.count("S"),
        uploaded=sum(one["mongo_uploaded"] for one in found),
        unassigned=sum(not one["assignee"] for one in found),
        overdue=sum(map(late, found)),
        approved=sum(one["metadata"]["review_status"] == "Aprobado" for one in found),
        doubtful=sum(map(doubtful, found)),
    )


@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_a_recount_is_what_counting_one_by_one_gives(chance: random.Random) -> None:
    main_collection(Batch.COLLECTION).delete_many({})
    dates = [None, "2025-02-30", 5, datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1)]
    documents = [
        batch_document(
            f"batch_{number:06d}F",
            status=chance.choice(["NS", "In", "S", "x", None, ""]),
            assignee=chance.choice([None, "", "Flor"]),
            mongo_uploaded=chance.choice([True, False]),
            mask_verdict=chance.choice([None, {"kind": "whole"}, {"kind": "corrupt"}]),
            metadata__review_status=chance.choice(["Pendiente", "Aprobado"]),
            metadata__due_date=chance.choice(dates),
        )
        for number in range(chance.randrange(30))
    ]
    if documents:
        main_collection(Batch.COLLECTION).insert_many(documents)
    assert recount() == one_by_one()


def test_they_follow_our_writes_and_those_of_other_programs(counting: list[int]) -> None:
    make_batch("batch_1")
    assert queries.counters().total == 1
    main_collection(Batch.COLLECTION).insert_one(batch_document("batch_2"))  # another program
    assert queries.counters().total == 2
    main_collection(Batch.COLLECTION).delete_one({"id": "batch_1"})
    assert (queries.counters().total, board.loads(BatchFilter())[""].total) == (1, 1)
    assert len(counting) == 3


def test_a_server_that_does_not_tell_its_writes_leaves_them_for_half_a_minute(
    counting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "writes_of", lambda name: [])
    make_batch("batch_1")
    assert queries.counters().total == 1
    main_collection(Batch.COLLECTION).insert_one(batch_document("batch_2"))
    assert queries.counters().total == 1
    make_batch("batch_3")
    assert queries.counters().total == 3


def test_a_write_while_counting_is_not_lost() -> None:
    make_batch("batch_1")

    def count_and_be_overtaken() -> int:
        found = main_collection(Batch.COLLECTION).count_documents({})
        make_batch("batch_2")
        return found

    assert counts.kept("test", {}, count_and_be_overtaken) == 1
    assert counts.kept("test", {}, lambda: main_collection("batches").count_documents({})) == 2


def test_a_slow_count_that_ends_last_does_not_stay() -> None:
    make_batch("batch_1")

    def slow() -> int:
        found = main_collection(Batch.COLLECTION).count_documents({})
        make_batch("batch_2")
        assert queries.counters().total == 2  # somebody else, meanwhile, keeps the newer one
        return found

    def count() -> int:
        return main_collection(Batch.COLLECTION).count_documents({})

    counts.kept("test", {}, slow)
    assert counts.kept("test", {}, count) == 2


class Writer(threading.Thread):
    """Somebody who writes in all the ways there are; what the rules refuse is left."""

    def __init__(self, number: int) -> None:
        super().__init__(daemon=True)
        self.chance, self.number = random.Random(number), number
        self.errors: list[Exception] = []
        self.ways: list[Callable[[], Any]] = [
            self.change, self.change, self.bulk, self.create, self.delete_and_restore,
            self.as_another_program,
        ]  # fmt: skip

    def run(self) -> None:
        for _ in range(ACTS):
            try:
                self.chance.choice(self.ways)()
            except (BatchError, UnknownBatchError):
                continue
            except Exception as error:  # told by the test, which a thread cannot fail
                self.errors.append(error)

    def some(self) -> str:
        return f"batch_{self.chance.randrange(BATCHES):06d}F"

    def change(self) -> None:
        who = self.chance.choice(PEOPLE)
        asked = {"assignee": who, "status": self.chance.choice(["NS", "In", "S"])}
        change_batch(self.some(), asked, asker=LEAD, actor=ACTOR)

    def bulk(self) -> None:
        who, ids = self.chance.choice(PEOPLE), [self.some() for _ in range(5)]
        documents = list(main_collection(Batch.COLLECTION).find({"id": {"$in": ids}}, NO_HISTORY))
        change_many(documents, {"assignee": who}, asker=LEAD, actor=ACTOR)

    def create(self) -> None:
        name = f"batch_{self.number + 1}{self.chance.randrange(99_999):05d}F"
        create_batches([name], actor=ACTOR, operation=new_operation())

    def delete_and_restore(self) -> None:
        found = main_collection(Batch.COLLECTION).find_one({"id": self.some()}, {"_id": 1})
        operation = new_operation()
        if found and trash.delete([found["_id"]], actor=ACTOR, operation=operation):
            trash.restore_operation(operation, actor=ACTOR, operation=new_operation())

    def as_another_program(self) -> None:
        values = {"mongo_uploaded": self.chance.random() < 0.5, "assignee": None, "status": "NS"}
        main_collection(Batch.COLLECTION).update_one({"id": self.some()}, {"$set": values})


@pytest.fixture
def writers() -> list[Writer]:
    for name in PEOPLE:
        add_person(name=name)
    make_batches(batch_document(f"batch_{number:06d}F") for number in range(BATCHES))
    return [Writer(number) for number in range(WRITERS)]


def test_writers_and_readers_at_once_leave_the_counters_of_a_recount(
    writers: list[Writer],
) -> None:
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen = queries.counters()
        assert seen.ns + seen.in_progress + seen.s == seen.total
        board.loads(BatchFilter())
    assert [error for writer in writers for error in writer.errors] == []
    assert queries.counters() == recount()
    assert board.loads(BatchFilter()) == board.recount_loads()
