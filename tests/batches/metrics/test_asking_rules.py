"""What can be asked for, and the forecast. No database."""

from datetime import date

import pytest

from batches.rules.metrics.asking import parse_question
from batches.rules.metrics.forecast import FEWEST_WEEKS, Outcome, forecast
from batches.rules.metrics.tables import csv_text
from crew.filters import FilterError

TODAY = date(2025, 11, 26)


def ask(**params: str) -> tuple[date, date]:
    question = parse_question({name: [value] for name, value in params.items()}, today=TODAY)
    return date.fromordinal(question.first), date.fromordinal(question.last)


def test_the_usual_period_is_the_last_twelve_weeks_with_the_present_one() -> None:
    assert ask() == (date(2025, 9, 8), date(2025, 11, 24))
    assert ask(weeks="1") == (date(2025, 11, 24), date(2025, 11, 24))


def test_days_are_widened_to_weeks_and_end_today() -> None:
    assert ask(**{"from": "2025-11-05", "to": "2026-05-01"}) == (
        date(2025, 11, 3),
        date(2025, 11, 24),
    )


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"weeks": "0"}, "weeks"),
        ({"weeks": "doce"}, "weeks"),
        ({"weeks": "٣"}, "weeks"),
        ({"weeks": "521"}, "weeks"),
        ({"weeks": "4", "from": "2025-01-01"}, "weeks"),
        ({"from": "ayer"}, "from"),
        ({"to": "2025-13-01"}, "to"),
        ({"from": "1500-01-01"}, "from"),
        ({"from": "2025-12-24"}, "from"),
        ({"from": "2025-11-20", "to": "2025-11-03"}, "from"),
        ({"from": "1990-01-01"}, "from"),
        ({"series": "f"}, "series"),
        ({"priority": "urgente"}, "priority"),
        ({"person": "x" * 81}, "person"),
        ({"persona": "Flor"}, "persona"),
    ],
)
def test_what_cannot_be_asked_is_named(params: dict[str, str], named: str) -> None:
    with pytest.raises(FilterError, match=named):
        ask(**params)


def test_equal_weeks_give_the_date_that_division_gives() -> None:
    told = forecast(100, [10] * 8, today=TODAY)
    assert (told.early, told.middle, told.late) == (date(2026, 2, 4),) * 3


def test_weeks_that_differ_give_a_range_and_always_the_same() -> None:
    told = forecast(100, [0, 30, 2, 25, 1, 20], today=TODAY)
    assert told == forecast(100, [0, 30, 2, 25, 1, 20], today=TODAY)
    assert told.outcome is Outcome.RANGE
    assert told.early < told.middle < told.late  # type: ignore[operator]
    assert told.sample == (30, 2, 25, 1, 20)


@pytest.mark.parametrize(
    ("remaining", "weeks", "outcome"),
    [
        (0, [], Outcome.NOTHING_LEFT),
        (5, [], Outcome.TOO_FEW_WEEKS),
        (5, [0] * 9 + [3] * (FEWEST_WEEKS - 1), Outcome.TOO_FEW_WEEKS),
        (5, [3, -3, 4, -4], Outcome.NO_PROGRESS),
        (100_000, [1] * 12, Outcome.TOO_FAR),
    ],
)
def test_it_says_when_it_cannot_say(remaining: int, weeks: list[int], outcome: Outcome) -> None:
    told = forecast(remaining, weeks, today=TODAY)
    assert told.outcome is outcome
    assert told.middle is None


def test_idle_weeks_count_once_work_began() -> None:
    weeks = [0] * 8 + [5] * 4
    assert forecast(50, weeks, today=TODAY).sample == (5,) * 4
    assert forecast(50, weeks, today=TODAY, began=True).sample == tuple(weeks)


def test_cells_that_would_run_are_guarded() -> None:
    assert csv_text([("Persona", "Días"), ("=1+1", None), ("Ana, María", 1.5)]) == (
        '\ufeffPersona,Días\r\n\'=1+1,\r\n"Ana, María",1.5\r\n'
    )
