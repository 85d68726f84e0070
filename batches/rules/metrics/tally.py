"""Facts added up by week, person, series and priority: all that any question needs.

A sum of shares, one per batch: what it holds does not depend on the order in which they come, and
taking a share away again leaves it as if that batch had never been there.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
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
    """The sums of a week and a person: a count per kind of fact, how many minutes each finished
    batch had taken, and of how many facts these are the sums."""

    counts: list[int] = field(default_factory=lambda: [0] * len(Kind))
    minutes: "array[int]" = field(default_factory=lambda: array("I"))
    facts: int = 0

    def add(self, other: "Cell") -> None:
        """Add another cell's sums to this one's."""
        self.counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        self.minutes.extend(other.minutes)
        self.facts += other.facts

    def is_like(self, other: "Cell | None") -> bool:
        """Tell whether another cell says the same, in whatever order it was added up."""
        return other is not None and (self.counts, self.facts, sorted(self.minutes)) == (
            other.counts, other.facts, sorted(other.minutes),
        )  # fmt: skip

    def __getitem__(self, kind: Kind) -> int:
        return self.counts[kind]


# Where something is counted: a slice, a week (None: what is held now) and a person.
Place = tuple[Slice, int | None, str]
# A fact as it is added up: in which week, for whom, which Kind, how many, and the minutes.
Entry = tuple[int, str, int, int, int | None]


@dataclass(frozen=True)
class Share:
    """What one batch adds to the sums. `holder` is who has it open, None when it is finished."""

    slice: Slice
    entries: list[Entry]
    holder: str | None
    overdue: bool = False


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
    """All sums, as of a day. `batches` is how many were added."""

    calendar: Calendar
    slices: dict[Slice, Sums] = field(default_factory=dict)
    batches: int = 0

    def add(self, share: Share) -> None:
        """Add what a batch adds."""
        self.batches += 1
        sums = self.slices.get(share.slice)
        if sums is None:
            sums = self.slices[share.slice] = Sums()
        cells = sums.cells
        for week, person, kind, count, minutes in share.entries:
            cell = cells.get((week, person))
            if cell is None:
                cell = cells[week, person] = Cell()
            cell.counts[kind] += count
            cell.facts += 1
            if minutes is not None:
                cell.minutes.append(minutes)
        if share.holder is not None:
            held = sums.held.setdefault(share.holder, Held())
            held.open += 1
            held.overdue += share.overdue

    def remove(self, share: Share) -> None:
        """Take away what a batch had added. Raises KeyError or ValueError if it never was added."""
        self.batches -= 1
        sums = self.slices[share.slice]
        for week, person, kind, count, minutes in share.entries:
            cell = sums.cells[week, person]
            cell.counts[kind] -= count
            cell.facts -= 1
            if minutes is not None:
                cell.minutes.remove(minutes)
            if not cell.facts:
                del sums.cells[week, person]
        if share.holder is not None:
            held = sums.held[share.holder]
            held.open -= 1
            held.overdue -= share.overdue
            if not held.open:
                del sums.held[share.holder]
        if not sums.cells:
            del self.slices[share.slice]

    def differing(self, other: "Tally") -> list[Place]:
        """Return where another tally says something else than this one."""
        found: list[Place] = []
        for key in sorted({*self.slices, *other.slices}):
            one, two = (tally.slices.get(key) or Sums() for tally in (self, other))
            for week, person in sorted({*one.cells, *two.cells}):
                cell = one.cells.get((week, person))
                if cell is None or not cell.is_like(two.cells.get((week, person))):
                    found.append((key, week, person))
            held = sorted({*one.held, *two.held})
            found += [(key, None, who) for who in held if one.held.get(who) != two.held.get(who)]
        return found

    def people(self) -> list[str]:
        """Return everybody there is anything about."""
        names = {person for sums in self.slices.values() for _, person in sums.cells}
        return sorted(names - {NOBODY}, key=str.casefold)


def share_of(document: Mapping[str, Any], facts: Iterable[Fact], calendar: Calendar) -> Share:
    """Return what a batch, and what happened to it, adds to the sums as of the calendar's day."""
    entries: list[Entry] = []
    holder, week_of = NOBODY, calendar.week_of
    last, week = None, week_of(None)
    for kind, at, person, count, minutes in facts:
        if at is not last:
            last, week = at, week_of(at)
        spent = None if minutes is None else min(minutes, LONGEST_MINUTES)
        entries.append((week, person, int(kind), count, spent))
        if kind == Kind.HELD and count > 0:
            holder = person
    slice_ = Slice(series_of(document.get("id")), _priority(document))
    if is_finished(document.get("status")):
        return Share(slice_, entries, None)
    return Share(slice_, entries, holder, _is_overdue(document, calendar.today))


def _is_overdue(document: Mapping[str, Any], today: date) -> bool:
    due = value_at(document, "metadata.due_date")
    return isinstance(due, datetime) and due.date() < today


def series_of(batch_id: object) -> str:
    """Return F or T, as the id says it; ids of digits only, and odd ones, are another series."""
    token = (parse_batch_id(batch_id) or "") if isinstance(batch_id, str) else ""
    if token.endswith("F"):
        return "F"
    return "T" if token.removeprefix("batch_").startswith("T") else "otra"


def _priority(document: Mapping[str, Any]) -> str:
    priority = value_at(document, "metadata.priority")
    return priority if isinstance(priority, str) and priority in PRIORITIES else NO_PRIORITY
