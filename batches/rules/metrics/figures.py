"""Figures that answer a question, from the sums."""

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

from batches.rules.metrics.asking import Question
from batches.rules.metrics.forecast import MOST_WEEKS, Forecast, forecast
from batches.rules.metrics.lives import Kind
from batches.rules.metrics.people import NOBODY
from batches.rules.metrics.tally import Cell, Held, Sums, Tally
from batches.rules.metrics.weeks import LENGTH, UNDATED, weeks_between

MINUTES_OF_DAY = 24 * 60
MOST = 0.9


@dataclass(frozen=True)
class Counted:
    """What somebody, or everybody, did in a period, and holds now.

    `approved` + `rejected` are all verdicts; `first_approved` of `first_reviewed` batches were
    approved by their first one. Days are from when the person got the batch until it was
    finished; None where of none of the `timed` batches that is known.
    """

    person: str = NOBODY
    assigned: int = 0
    done: int = 0
    approved: int = 0
    rejected: int = 0
    first_reviewed: int = 0
    first_approved: int = 0
    timed: int = 0
    median_days: float | None = None
    most_days: float | None = None
    open: int = 0
    overdue: int = 0


@dataclass(frozen=True)
class Week:
    """A week: what was done in it, and how things stood at its end (of the present one: now).

    `complete` is false for the present week.
    """

    start: int
    assigned: int
    done: int
    approved: int
    rejected: int
    total: int
    finished: int
    complete: bool


@dataclass(frozen=True)
class Figures:
    """The answer to a question."""

    question: Question
    all: Counted
    people: tuple[Counted, ...]
    weeks: tuple[Week, ...]
    forecast: Forecast
    has_history: bool = field(default=False)


def figures_of(tally: Tally, question: Question) -> Figures:
    """Return the figures that a question asks for.

    Without a person they are the team's, whose rows add up to the whole but for what is nobody's.
    """
    slices = list(_slices(tally, question))
    wanted = [question.person] if question.person else None
    weeks = _weeks(tally, question, slices, wanted)
    whole = _counted(question, slices, wanted, question.person)
    names = wanted or tally.people()
    people = tuple(_counted(question, slices, [name], name) for name in names)
    return Figures(
        question=question,
        all=whole,
        people=tuple(one for one in people if _says_something(one) or one.person in (wanted or ())),
        weeks=weeks,
        forecast=_forecast(tally, slices, wanted, whole.open),
        has_history=any(week > UNDATED for sums in slices for week, _ in sums.cells),
    )


def _slices(tally: Tally, question: Question) -> Iterator[Sums]:
    for key, sums in tally.slices.items():
        series_fits = question.series in ("", key.series)
        if series_fits and question.priority in ("", key.priority):
            yield sums


def _cells(
    slices: Iterable[Sums], people: list[str] | None, first: int, last: int
) -> Iterator[tuple[int, Cell]]:
    for sums in slices:
        for (week, person), cell in sums.cells.items():
            if first <= week <= last and (people is None or person in people):
                yield week, cell


def _counted(
    question: Question, slices: list[Sums], people: list[str] | None, name: str
) -> Counted:
    cell, held = Cell(), Held()
    for _, one in _cells(slices, people, question.first, question.last):
        cell.add(one)
    for sums in slices:
        for person, now in sums.held.items():
            if people is None or person in people:
                held.open, held.overdue = held.open + now.open, held.overdue + now.overdue
    return Counted(
        person=name,
        assigned=cell[Kind.ASSIGNED],
        done=cell[Kind.DONE],
        approved=cell[Kind.APPROVED],
        rejected=cell[Kind.REJECTED],
        first_reviewed=cell[Kind.REVIEWED_FIRST],
        first_approved=cell[Kind.APPROVED_FIRST],
        timed=len(cell.minutes),
        median_days=_days(median(cell.minutes)) if cell.minutes else None,
        most_days=_days(_most(cell.minutes)) if cell.minutes else None,
        open=held.open,
        overdue=held.overdue,
    )


def _most(minutes: "array[int]") -> int:
    """Return what nine of ten took at most (nearest rank)."""
    return sorted(minutes)[math.ceil(MOST * len(minutes)) - 1]


def _days(minutes: float) -> float:
    return round(minutes / MINUTES_OF_DAY, 2)


def _says_something(one: Counted) -> bool:
    return any((one.assigned, one.done, one.approved, one.rejected, one.open))


def _weeks(
    tally: Tally, question: Question, slices: list[Sums], people: list[str] | None
) -> tuple[Week, ...]:
    by_week: dict[int, Cell] = {}
    total = finished = 0
    for week, cell in _cells(slices, people, UNDATED, question.last):
        if week < question.first:
            total, finished = total + cell[Kind.HELD], finished + cell[Kind.CLOSED]
        else:
            by_week.setdefault(week, Cell()).add(cell)
    weeks = []
    for start in weeks_between(question.first, question.last):
        cell = by_week.get(start, Cell())
        total, finished = total + cell[Kind.HELD], finished + cell[Kind.CLOSED]
        complete = start < tally.calendar.current
        weeks.append(_week(start, cell, (total, finished), complete=complete))
    return tuple(weeks)


def _week(start: int, cell: Cell, standing: tuple[int, int], *, complete: bool) -> Week:
    return Week(
        start=start,
        assigned=cell[Kind.ASSIGNED],
        done=cell[Kind.DONE],
        approved=cell[Kind.APPROVED],
        rejected=cell[Kind.REJECTED],
        total=standing[0],
        finished=standing[1],
        complete=complete,
    )


def _forecast(
    tally: Tally, slices: list[Sums], people: list[str] | None, remaining: int
) -> Forecast:
    """Return the forecast from the last complete weeks, whatever period was asked for."""
    calendar = tally.calendar
    last = calendar.current - LENGTH
    first = last - LENGTH * (MOST_WEEKS - 1)
    progress = dict.fromkeys(weeks_between(first, last), 0)
    began = False
    for week, cell in _cells(slices, people, UNDATED + 1, last):
        if week in progress:
            progress[week] += cell[Kind.NET]
        else:
            began = began or bool(cell[Kind.DONE])
    finished = list(progress.values())
    return forecast(remaining, finished, today=calendar.today, began=began)
