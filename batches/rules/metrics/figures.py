"""Figures that answer a question, from the sums."""

import math
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
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
    parts = _parts(slices)
    named = [name for name in tally.people() if name in parts]
    if question.person:
        parts = {question.person: parts.get(question.person, Part())}
        named = [question.person]
    whole = _counted(question, parts.values(), question.person)
    people = (_counted(question, [parts[name]], name) for name in named)
    return Figures(
        question=question,
        all=whole,
        people=tuple(one for one in people if question.person or _says_something(one)),
        weeks=_weeks(tally, question, parts.values()),
        forecast=_forecast(tally, parts.values(), whole.open),
        has_history=any(week > UNDATED for sums in slices for week, _ in sums.cells),
    )


def _slices(tally: Tally, question: Question) -> Iterator[Sums]:
    for key, sums in tally.slices.items():
        series_fits = question.series in ("", key.series)
        if series_fits and question.priority in ("", key.priority):
            yield sums


@dataclass
class Part:
    """What there is about one person: the cells of all weeks, and what the person holds now."""

    cells: list[tuple[int, Cell]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)


def _parts(slices: Iterable[Sums]) -> dict[str, Part]:
    """Return what is asked about by person: one pass, however many people there are."""
    parts: defaultdict[str, Part] = defaultdict(Part)
    for sums in slices:
        for (week, person), cell in sums.cells.items():
            parts[person].cells.append((week, cell))
        for person, held in sums.held.items():
            parts[person].held.append(held)
    return dict(parts)


def _cells(parts: Iterable[Part], first: int, last: int) -> Iterator[tuple[int, Cell]]:
    for part in parts:
        for week, cell in part.cells:
            if first <= week <= last:
                yield week, cell


def _counted(question: Question, parts: Collection[Part], name: str) -> Counted:
    cell = Cell()
    for _, one in _cells(parts, question.first, question.last):
        cell.add(one)
    held = [one for part in parts for one in part.held]
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
        open=sum(one.open for one in held),
        overdue=sum(one.overdue for one in held),
    )


def _most(minutes: "array[int]") -> int:
    """Return what nine of ten took at most (nearest rank)."""
    return sorted(minutes)[math.ceil(MOST * len(minutes)) - 1]


def _days(minutes: float) -> float:
    return round(minutes / MINUTES_OF_DAY, 2)


def _says_something(one: Counted) -> bool:
    return any((one.assigned, one.done, one.approved, one.rejected, one.open))


def _weeks(tally: Tally, question: Question, parts: Iterable[Part]) -> tuple[Week, ...]:
    by_week: dict[int, Cell] = {}
    total = finished = 0
    for week, cell in _cells(parts, UNDATED, question.last):
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


def _forecast(tally: Tally, parts: Iterable[Part], remaining: int) -> Forecast:
    """Return the forecast from the last complete weeks, whatever period was asked for."""
    calendar = tally.calendar
    last = calendar.current - LENGTH
    first = last - LENGTH * (MOST_WEEKS - 1)
    progress = dict.fromkeys(weeks_between(first, last), 0)
    began = False
    for week, cell in _cells(parts, UNDATED + 1, last):
        if week in progress:
            progress[week] += cell[Kind.NET]
        else:
            began = began or bool(cell[Kind.DONE])
    finished = list(progress.values())
    return forecast(remaining, finished, today=calendar.today, began=began)
