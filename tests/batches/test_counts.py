"""A dear count is made by one process at a time, and nobody waits for ever for it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from batches.queries import counts
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection

pytestmark = pytest.mark.usefixtures("mongo")


class OtherProcesses:
    """Ways into a count that do not pass the turns of this process's threads."""

    def __init__(self, *, took: float = 1.0) -> None:
        self.made: list[int] = []
        counts.kept("dear", {}, lambda: 0)
        self.state = main_collection(counts.COLLECTION)
        self.key = str(self.entry()["_id"])
        self.state.update_one({"_id": self.key}, {"$set": {"took": took}})
        versions.bump("batches")

    def entry(self) -> dict[str, Any]:
        found = self.state.find_one({"_id": {"$regex": "^dear:"}})
        assert found is not None
        return found

    def ask(self, make: Callable[[], int], *, patience: float = 60.0) -> int:
        def made() -> int:
            self.made.append(1)
            return make()

        deadline = time.monotonic() + patience
        return int(counts._shared(self.key, made, ["batches"], [], deadline)[0])


def test_a_dear_count_is_made_by_one_process_and_the_others_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counts, "TURN_SECONDS", 60.0)
    others, begun, go_on = OtherProcesses(), threading.Event(), threading.Event()
    found: list[int] = []

    def slow() -> int:
        begun.set()
        go_on.wait(60)
        return 7

    threads = [threading.Thread(target=lambda: found.append(others.ask(slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(60)
    time.sleep(0.1)
    assert (found, others.made) == ([], [1])
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert (found, others.made) == ([7] * 4, [1])


def test_a_count_that_costs_little_waits_for_nobody() -> None:
    others = OtherProcesses(took=0.001)
    assert others.ask(lambda: others.ask(lambda: 3) + 1) == 4
    assert others.made == [1, 1]


def test_who_died_while_counting_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    others = OtherProcesses()
    monkeypatch.setattr(counts, "TURN_SECONDS", 60.0)
    assert counts._take_turn(others.state, others.entry())
    assert not counts._take_turn(others.state, others.entry())
    assert others.ask(lambda: 3, patience=0.1) == 3  # its own patience ends first
    monkeypatch.setattr(counts, "TURN_SECONDS", 0.1)
    assert counts._take_turn(others.state, others.entry())
    versions.bump("batches")
    assert others.ask(lambda: 4) == 4  # or the turn of the dead one


def test_who_read_it_before_another_made_it_does_not_make_it_again() -> None:
    others = OtherProcesses()
    before = others.entry()
    assert others.ask(lambda: 3) == 3
    assert not counts._take_turn(others.state, before)
    assert counts._take_turn(others.state, others.entry())


def test_who_fails_to_count_leaves_the_turn_to_the_next() -> None:
    others = OtherProcesses()
    with pytest.raises(ZeroDivisionError):
        others.ask(lambda: 1 // 0)
    assert "turn" not in others.entry()
    assert others.ask(lambda: 5) == 5
    assert "turn" not in others.entry()


def test_a_count_of_after_more_writes_is_good_for_who_saw_fewer() -> None:
    assert counts._covers([["a", 5]], [["a", 5]])
    assert counts._covers([["a", 6]], [["a", 5]])
    assert not counts._covers([["a", 4]], [["a", 5]])
    assert not counts._covers([["a", 9_000]], [["a", 5]])  # of before the server started anew
    assert not counts._covers([["b", 9]], [["a", 5]])
    assert not counts._covers([], [["a", 5]])
