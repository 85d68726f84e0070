"""Charts as SVG drawn on the server: geometry only, for `templates/metrics/chart.html`.

Each is drawn twice, for wide screens and for phones, because text in a scaled drawing would be
too small to read. Coordinates are texts, so that no locale writes them with commas.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from batches.rules.metrics.figures import Week
from batches.rules.metrics.weeks import ends_on
from batches.rules.timeline import MONTHS

WIDE, NARROW = (520, 240, 8), (340, 230, 5)
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 18, 50
GAP = 0.28
TICKS = 4
STEPS = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
MOST_NUMBERED = 16  # bars that have room for their number


@dataclass(frozen=True)
class Mark:
    """A tick of an axis: where, and what it says."""

    at: str
    text: str


@dataclass(frozen=True)
class Bar:
    """A bar, what it says on hover, and its number where there is room for it; `partial`: its
    week is not over."""

    x: str
    y: str
    width: str
    height: str
    text: str
    partial: bool
    middle: str
    above: str
    number: str


@dataclass(frozen=True)
class Line:
    """A line through points, as an SVG path; `name` is its class."""

    name: str
    path: str
    label_x: str
    label_y: str
    text: str


@dataclass(frozen=True)
class Drawing:
    """One drawing of a chart: its size, its plot, and what is in it."""

    kind: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    rows: list[Mark]
    columns: list[Mark]
    bars: list[Bar] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    area: str = ""

    @property
    def middle_x(self) -> str:
        return _n((self.left + self.right) / 2)

    @property
    def middle_y(self) -> str:
        return _n((self.top + self.bottom) / 2)

    @property
    def row_text_x(self) -> int:
        return self.left - 8

    @property
    def column_text_y(self) -> int:
        return self.bottom + 18

    @property
    def title_y(self) -> int:
        return self.height - 6


def throughput(weeks: Sequence[Week]) -> list[Drawing]:
    """Return bars: what was finished in each week."""
    return [_bars(weeks, kind, *size) for kind, size in (("wide", WIDE), ("narrow", NARROW))]


def burnup(weeks: Sequence[Week]) -> list[Drawing]:
    """Return lines: batches in all, and those finished, at the end of each week."""
    return [_lines(weeks, kind, *size) for kind, size in (("wide", WIDE), ("narrow", NARROW))]


def short_day(day: date) -> str:
    """Return `14 oct`."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def span(week: Week) -> str:
    """Return the days of a week: `12–18 oct`, `28 sep – 4 oct`."""
    first, last = date.fromordinal(week.start), ends_on(week.start)
    if first.month == last.month:
        return f"{first.day}–{short_day(last)}"
    return f"{short_day(first)} – {short_day(last)}"


def _bars(weeks: Sequence[Week], kind: str, width: int, height: int, labels: int) -> Drawing:
    drawing, y_of = _frame(weeks, kind, (width, height, labels), max(w.done for w in weeks))
    step = (drawing.right - drawing.left) / len(weeks)
    for place, week in enumerate(weeks):
        top = y_of(week.done)
        drawing.bars.append(
            Bar(
                x=_n(drawing.left + step * (place + GAP / 2)),
                y=_n(top),
                width=_n(step * (1 - GAP)),
                height=_n(drawing.bottom - top),
                text=f"{span(week)}: {week.done:,}",
                partial=not week.complete,
                middle=_n(drawing.left + step * (place + 0.5)),
                above=_n(top - 4),
                number=f"{week.done:,}" if week.done and len(weeks) <= MOST_NUMBERED else "",
            )
        )
    return drawing


def _lines(weeks: Sequence[Week], kind: str, width: int, height: int, labels: int) -> Drawing:
    drawing, y_of = _frame(weeks, kind, (width, height, labels), max(w.total for w in weeks))
    step = (drawing.right - drawing.left) / len(weeks)
    xs = [drawing.left + step * (place + 0.5) for place in range(len(weeks))]
    finished = _path(xs, [y_of(week.finished) for week in weeks])
    area = f"{finished} L{_n(xs[-1])} {drawing.bottom} L{_n(xs[0])} {drawing.bottom} Z"
    last = weeks[-1]
    lines = [
        Line("total", _path(xs, [y_of(week.total) for week in weeks]), _n(xs[-1]),
             _n(y_of(last.total)), f"{last.total:,}"),
        Line("done", finished, _n(xs[-1]), _n(y_of(last.finished)), f"{last.finished:,}"),
    ]  # fmt: skip
    return Drawing(**{**vars(drawing), "lines": lines, "area": area})


def _frame(
    weeks: Sequence[Week], kind: str, size: tuple[int, int, int], most: int
) -> tuple[Drawing, Callable[[int], float]]:
    """Return an empty drawing with its axes, and where on it a count lies."""
    width, height, labels = size
    bottom, right = height - BOTTOM, width - RIGHT
    top_count = _round_up(most)
    unit = (bottom - TOP) / top_count

    def y_of(count: int) -> float:
        return bottom - count * unit

    counts = range(0, top_count + 1, top_count // TICKS)
    rows = [Mark(_n(y_of(count)), f"{count:,}") for count in counts]
    columns = _columns(weeks, right, labels)
    return Drawing(kind, width, height, LEFT, right, TOP, bottom, rows, columns), y_of


def _columns(weeks: Sequence[Week], right: int, labels: int) -> list[Mark]:
    step, every = (right - LEFT) / len(weeks), math.ceil(len(weeks) / labels)
    return [
        Mark(_n(LEFT + step * (place + 0.5)), short_day(date.fromordinal(week.start)))
        for place, week in enumerate(weeks)
        if (len(weeks) - 1 - place) % every == 0
    ]


def _round_up(most: int) -> int:
    """Return the end of an axis of four equal steps that are easy to read."""
    each = max(1, math.ceil(most / TICKS))
    if each <= STEPS[0]:
        return TICKS * each
    size = 1
    while STEPS[-1] * size < each:
        size *= 10
    return TICKS * next(step * size for step in STEPS if step * size >= each)


def _path(xs: Sequence[float], ys: Sequence[float]) -> str:
    points = [f"{_n(x)} {_n(y)}" for x, y in zip(xs, ys, strict=True)]
    return "M" + " L".join(points)


def _n(value: float) -> str:
    return f"{value:.1f}"
