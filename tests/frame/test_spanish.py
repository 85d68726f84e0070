"""Numbers and times as people here read them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import timezone

from segmentacion.templatetags.spanish import (
    ago,
    day,
    elapsed,
    filesize,
    moment,
    number,
    percent,
)


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (429, "429"), (1234, "1,234"), (1_000_000, "1,000,000")]
)
def test_a_number_has_commas(value: int, shown: str) -> None:
    assert number(value) == shown


def test_what_is_not_a_number_is_shown_as_it_is() -> None:
    assert number("muchos") == "muchos"


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(58, 429, "13.5 %"), (1, 1, "100.0 %"), (0, 0, "0.0 %")]
)
def test_a_share_has_one_decimal(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (date(2025, 10, 14), "14 oct 2025"),
        (datetime(2025, 1, 1, tzinfo=UTC), "1 ene 2025"),
        ("31/12/2025", "31/12/2025"),
        (None, ""),
    ],
)
def test_a_day_is_written_with_its_month(value: Any, shown: str) -> None:
    assert day(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (datetime(2025, 10, 14, 16, 30, tzinfo=UTC), "14 oct 2025, 10:30"),
        (datetime(2025, 10, 14, 16, 30, tzinfo=UTC).replace(tzinfo=None), "14 oct 2025, 10:30"),
        (datetime(2025, 10, 14, 3, 0, tzinfo=UTC), "13 oct 2025, 21:00"),
        ("ayer", "ayer"),
        (None, ""),
    ],
)
def test_a_moment_is_local_and_one_without_zone_is_utc(value: Any, shown: str) -> None:
    assert moment(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "ahora"),
        (59, "ahora"),
        (60, "hace 1 min"),
        (3_599, "hace 59 min"),
        (3_600, "hace 1 h"),
        (86_400, "hace 1 d"),
        (29 * 86_400, "hace 29 d"),
        (30 * 86_400, "hace 1 mes"),
        (364 * 86_400, "hace 12 meses"),
        (800 * 86_400, "hace 2 años"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(seconds: float, shown: str) -> None:
    assert elapsed(seconds) == shown


def test_ago_carries_the_whole_date() -> None:
    shown = ago(timezone.now() - timedelta(minutes=5))
    assert ">hace 5 min</time>" in shown
    assert 'title="' in shown


def test_ago_escapes_what_is_not_a_time() -> None:
    page = Template("{{ value|ago }}").render(Context({"value": "<b>ayer</b>"}))
    assert page == "&lt;b&gt;ayer&lt;/b&gt;"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (24_499_323, "23.4 MB"),
        (3_277, "3.2 KB"),
        (1_610_612_736, "1.5 GB"),
        (0, "0 B"),
        (700, "700 B"),
        (None, "—"),
        ("x", "—"),
    ],
)
def test_a_size_has_the_unit_that_suits_it(size: Any, shown: str) -> None:
    assert filesize(size) == shown
