"""Counts of all processes in MongoDB: the sum is right, and bounded."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils import timezone

from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.tallies import DAYS, MOST_A_DAY, TALLIES, counted, day_of, hand_on
from segmentacion.telemetry.tally import TALLY
from tests.frame.processes import answer, on_test_server
from tests.site import environment

COUNTING = """
import json
from segmentacion.mongo.tallies import hand_on
from segmentacion.telemetry.tally import TALLY
for turn in range(5):
    for _ in range(20):
        TALLY.add_request(("/api/batches", "GET", 200), 0.02, 3)
    assert hand_on()
print(json.dumps("ok"))
"""
FORKED = """
import json, os
from segmentacion.telemetry.tally import TALLY
TALLY.add_request(("/x", "GET", 200), 0.1, 0)
child = os.fork()
if not child:
    os._exit(7 if not TALLY.take() else 1)
_, status = os.waitpid(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), bool(TALLY.take())]))
"""
AWAY = """
import json
from django.conf import settings
from segmentacion.mongo import tallies
from segmentacion.telemetry.tally import TALLY
tallies.PATIENCE_SECONDS = 0.3
TALLY.add_request(("/x", "GET", 200), 0.1, 0)
done = tallies.hand_on()
print(json.dumps([done, TALLY.take().requests["/x", "GET", 200].count]))
"""
ROUTE = ("/x", "GET", 200)


@pytest.fixture(autouse=True)
def fresh(mongo: None) -> Iterator[None]:
    TALLY.take()
    yield
    TALLY.take()


def counts_of(route: str) -> dict[str, Any]:
    (found,) = [one for one in counted() if one.get("route") == route]
    return found


def test_the_sum_over_processes_that_count_at_once_is_right() -> None:
    env = on_test_server(main_collection(TALLIES).database.name)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: answer(COUNTING, env), range(2))) == ["ok", "ok"]
    found = counts_of("/api/batches")
    assert (found["count"], found["commands"], found["classes"]) == (200, 600, {"2": 200})
    assert found["seconds"] == pytest.approx(4.0)
    assert day_of()["requests"] == 200


def test_a_process_that_is_forked_begins_at_nothing() -> None:
    assert answer(FORKED, environment()) == [7, True]


def test_nothing_counted_is_nothing_written() -> None:
    assert hand_on()
    assert counted() == []
    assert day_of() == {}


def test_handing_on_twice_counts_once() -> None:
    TALLY.add_request(ROUTE, 0.1, 0)
    assert hand_on()
    TALLY.take()  # the commands that handing on itself took
    assert hand_on()
    assert counts_of("/x")["count"] == 1


def test_with_the_database_away_counts_are_kept_for_later() -> None:
    env = environment(MONGO_URI="mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200")
    assert answer(AWAY, env) == [False, 1]


def test_a_day_keeps_the_newest_samples_and_counts_all() -> None:
    for turn in range(6):
        for number in range(50):
            TALLY.add_slow({"n": turn * 50 + number})
        TALLY.add_request(ROUTE, 2.0, 0)
        assert hand_on()
    day = day_of(timezone.localdate().isoformat())
    assert day["slow_count"] == 300
    assert len(day["slow"]) == MOST_A_DAY
    assert day["slow"][-1]["n"] == 299


def test_failed_commands_are_told_apart() -> None:
    TALLY.add_command("find", 1_000, failed=False)
    TALLY.add_command("find", 500, failed=True)
    assert hand_on()
    (found,) = [one for one in counted() if one["_id"] == "command find"]
    assert (found["count"], found["failed"], found["micros"]) == (2, 1, 1_500)


@pytest.mark.parametrize("name", [TALLIES, DAYS])
def test_what_nobody_uses_removes_itself(name: str) -> None:
    indexes = main_collection(name).index_information().values()
    assert any(index.get("expireAfterSeconds") == 30 * 24 * 3600 for index in indexes)
