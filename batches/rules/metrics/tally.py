"""Facts added up by week, person, series and priority: all that any question needs.

A sum of sums: what it holds does not depend on the order in which batches come.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from batches.rules.importing import value_at
from batches.rules.metrics.lives import Fact, Kind, is_finished
from batches.rules.metrics.people import NOBODY
from batches.rules.metrics.weeks import Calendar
from batches.rules.names import parse_batch_id
from batches.rules.states import Priority

SERIES = ("F", "T", "otra")
PRIORITIES = tuple(map(str, Priority))
NO_PRIORITY = "ninguna"
LONGEST_MINUTES = 2**32 - 1


class Slice(NamedTuple):
    """Which batches: of which series, of which priority (the present one)."""

    series: str
    priority: str


@dataclass
class Cell:
    """The sums of a week and a person: a count per kind of fact, and how many minutes each
    finished batch had taken."""

    counts: list[int] = field(default_factory=lambda: [0] * len(Kind))
    minutes: "array[int]" = field(default_factory=lambda: array("I"))

    def add(self, other: "Cell") -> None:
        """Add another cell's sums to this one's."""
        self.counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        self.minutes.extend(other.minutes)

    def __getitem__(self, kind: Kind) -> int:
        return self.counts[kind]


@dataclass
class Held:
    """What somebody holds now: open batches, and those of them that are overdue."""

    open: int = 0
    overdue: int = 0


@dataclass
class Sums:
    """The sums of one slice: by week and person, and what each person holds now."""

    cells: dict[tuple[int, str], Cell] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)


@dataclass
class Tally:
    """All sums, as of a day. `batches` is how many were read."""

    calendar: Calendar
    slices: dict[Slice, Sums] = field(default_factory=dict)
    batches: int = 0

    def add(self, document: Mapping[str, Any], facts: Iterable[Fact]) -> None:
        """Add a batch and what happened to it."""
        self.batches += 1
        slice_ = Slice(series_of(document.get("id")), _priority(document))
        sums = self.slices.get(slice_)
        if sums is None:
            sums = self.slices[slice_] = Sums()
        person = self._add_facts(sums, facts)
        if not is_finished(document.get("status")):
            held = sums.held.setdefault(person, Held())
            held.open += 1
            held.overdue += self._is_overdue(document)

    def _add_facts(self, sums: Sums, facts: Iterable[Fact]) -> str:
        """Add facts; return who holds the batch in the end."""
        cells, week_of, holder = sums.cells, self.calendar.week_of, NOBODY
        last, week = None, week_of(None)
        for kind, at, person, count, minutes in facts:
            if at is not last:
                last, week = at, week_of(at)
            cell = cells.get((week, person))
            if cell is None:
                cell = cells[week, person] = Cell()
            cell.counts[kind] += count
            if minutes is not None:
                cell.minutes.append(min(minutes, LONGEST_MINUTES))
            if kind == Kind.HELD and count > 0:
                holder = person
        return holder

    def _is_overdue(self, document: Mapping[str, Any]) -> bool:
        due = value_at(document, "metadata.due_date")
        return isinstance(due, datetime) and due.date() < self.calendar.today

    def people(self) -> list[str]:
        """Return everybody there is anything about."""
        names = {person for sums in self.slices.values() for _, person in sums.cells}
        return sorted(names - {NOBODY}, key=str.casefold)


def series_of(batch_id: object) -> str:
    """Return F or T, as the id says it; ids of digits only, and odd ones, are another series."""
    token = (parse_batch_id(batch_id) or "") if isinstance(batch_id, str) else ""
    if token.endswith("F"):
        return "F"
    return "T" if token.removeprefix("batch_").startswith("T") else "otra"


def _priority(document: Mapping[str, Any]) -> str:
    priority = value_at(document, "metadata.priority")
    return priority if isinstance(priority, str) and priority in PRIORITIES else NO_PRIORITY
