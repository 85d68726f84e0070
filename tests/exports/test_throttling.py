"""Limits, counted in MongoDB for all processes together."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from segmentacion.env import Rate, parse_rate
from segmentacion.http.throttling import COLLECTION, TooManyRequests, check_rate
from segmentacion.mongo.clients import main_collection, main_database
from tests.frame.processes import on_test_server, start

pytestmark = pytest.mark.usefixtures("mongo")
DAY = Rate(3, 86_400)


def allowed(group: str, who: str, rate: Rate | None, times: int) -> int:
    """Return how many of so many requests pass."""
    passed = 0
    for _ in range(times):
        try:
            check_rate(group, who, rate)
        except TooManyRequests:
            continue
        passed += 1
    return passed


def test_a_rate_is_read() -> None:
    assert parse_rate("30/m") == Rate(30, 60)
    assert parse_rate(" 5/h ") == Rate(5, 3600)
    assert parse_rate("") is None


@pytest.mark.parametrize("text", ["0/m", "30", "30/x", "-1/m", "m/30", "3 / m", "٣/m"])
def test_what_is_no_rate_stops_the_program(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(text)):
        parse_rate(text)


def test_so_many_pass_and_no_more() -> None:
    assert allowed("export", "ana", DAY, 5) == 3
    with pytest.raises(TooManyRequests) as refused:
        check_rate("export", "ana", DAY)
    assert 0 < refused.value.retry_after <= 86_400


def test_each_group_and_each_asker_has_a_count_of_its_own() -> None:
    assert allowed("export", "ana", DAY, 4) == 3
    assert allowed("login", "ana", DAY, 4) == 3
    assert allowed("export", "eva", DAY, 4) == 3


def test_without_a_rate_nothing_is_counted() -> None:
    assert allowed("export", "ana", None, 5) == 5
    assert main_collection(COLLECTION).count_documents({}) == 0


def test_a_window_that_is_over_begins_anew() -> None:
    assert allowed("export", "ana", DAY, 4) == 3
    main_collection(COLLECTION).update_one(
        {}, {"$set": {"window": datetime(2020, 1, 1, tzinfo=UTC)}}
    )
    assert allowed("export", "ana", DAY, 4) == 3


def test_counts_remove_themselves() -> None:
    check_rate("export", "ana", DAY)
    stored = main_collection(COLLECTION).find_one()
    assert stored is not None
    assert stored["expires_at"] - stored["window"] == timedelta(days=1)
    indexes = main_collection(COLLECTION).index_information().values()
    assert any(index.get("expireAfterSeconds") == 0 for index in indexes)


COUNTING = """
import json, sys
from segmentacion.env import Rate
from segmentacion.http.throttling import TooManyRequests, check_rate
from segmentacion.mongo.clients import main_database
main_database().command("ping")
print("ready", flush=True)
sys.stdin.readline()
passed = 0
for _ in range(40):
    try:
        check_rate("export", "ana", Rate(50, 86400 * 365))
        passed += 1
    except TooManyRequests:
        pass
print(json.dumps(passed))
"""


def test_processes_at_once_let_no_more_pass_than_one() -> None:
    env = on_test_server(main_database().name)
    processes = [start(COUNTING, env) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate(timeout=60)[1]
    passed = [json.loads(process.communicate("go\n", timeout=60)[0]) for process in processes]
    assert sum(passed) == 50
