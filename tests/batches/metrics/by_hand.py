"""The figures counted again, in plain lines, from raw documents. Nothing here is the product's."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Mexico_City")
REVIEW = "metadata.review_status"
WEEK = timedelta(days=7)
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
Document = dict[str, Any]


class Cast:
    """Who was called how, since when. A person is told by the last name."""

    def __init__(self, *names: str) -> None:
        self.people = [[(ALWAYS, name)] for name in names]

    def who(self, name: str | None, at: datetime) -> str | None:
        for person in self.people if name else []:
            if [called for since, called in person if since <= at][-1:] == [name]:
                return person[-1][1]
        assert not name, f"{name} was nobody at {at}"
        return None


class Fact(NamedTuple):
    what: str
    day: date
    whose: str | None
    took: timedelta | None = None
    step: int = 1


@dataclass(frozen=True)
class Standing:
    """How a batch stood at a moment."""

    whose: str | None
    finished: bool


def stands(event: Document, history: list[Document]) -> bool:
    """Tell whether nothing that stands undid it."""
    later = history[history.index(event) + 1 :]
    return not any(one.get("undo_of") == event["operation"] and stands(one, later) for one in later)


class Past:
    """A batch and what happened to it: when, which fields became what, and whether that was told
    then or is only how the batch came."""

    def __init__(self, raw: Document, cast: Cast) -> None:
        history = raw["history"]
        told = [e for e in history if not e.get("undo_of") and stands(e, history)]
        events = [(e["at"], {c["field"]: c for c in e.get("changes", [])}) for e in told]
        self.raw, self.cast = raw, cast
        self.steps = [*_first(raw, events)]
        self.steps += [(at, {f: c["new"] for f, c in new.items()}, True) for at, new in events]

    def facts(self) -> Iterator[Fact]:
        """Yield what counts, for whom."""
        holder = finisher = since = None
        closed = done = reviewed = False
        verdict = "Pendiente"
        for at, new, told in self.steps:
            day = at.astimezone(ZONE).date()
            person = self.cast.who(new["assignee"], at) if "assignee" in new else holder
            if person != holder:
                holder, since = person, at if told else None
                if person and told:
                    yield Fact("assigned", day, person)
            if new.get("status") == "S" and not closed:
                closed, finisher = True, holder
                if told:
                    yield Fact("progress", day, holder)
                if told and not done:
                    yield Fact("done", day, holder, at - since if since and holder else None)
                done = True
            before, verdict = verdict, new.get(REVIEW, verdict)
            if verdict not in {before, "Pendiente"}:
                good, first = verdict == "Aprobado", not reviewed
                done = reviewed = True
                whose = finisher or holder
                if told:
                    yield Fact("approved" if good else "rejected", day, whose)
                if told and first:
                    yield Fact("first_reviewed", day, whose)
                if told and first and good:
                    yield Fact("first_approved", day, whose)
            if closed and new.get("status", "S") != "S":
                closed = False
                yield Fact("progress", day, holder, step=-1)

    def stood(self, moment: datetime) -> Standing | None:
        """Return how it stood just before a moment; None before it was there."""
        before = [(at, new) for at, new, _ in self.steps if at < moment]
        names = [(new["assignee"], at) for at, new in before if "assignee" in new]
        states = [new["status"] for _, new in before if "status" in new]
        whose = self.cast.who(*names[-1]) if names else None
        return Standing(whose, states[-1:] == ["S"]) if before else None

    @property
    def series(self) -> str:
        found = re.fullmatch(r"batch_(?:\d+(F)|(T)\d+|\d+)", self.raw["id"])
        return "".join(filter(None, found.groups())) or "otra" if found else "otra"

    def is_overdue(self, today: date) -> bool:
        due = self.raw["metadata"]["due_date"]
        return self.raw["status"] != "S" and due is not None and due.date() < today


def _first(raw: Document, events: Sequence[Any]) -> Iterator[tuple[datetime, Document, bool]]:
    """Yield how a batch came to be what it was before its first event."""

    def was(name: str) -> Any:
        now = raw["metadata"][name[9:]] if name.startswith("metadata.") else raw[name]
        return next((new[name]["old"] for _, new in events if name in new), now)

    name, created = was("assignee"), raw["created_at"]
    assigned = was("metadata.assigned_at") if name else None
    # An import stamps these with the moment of its own.
    finished, reviewed = (
        at if at != created else None for at in (was("completed_at"), was("reviewed_at"))
    )
    closed = was("status") == "S"
    known = [created, assigned, finished if closed else None, *(at for at, _ in events)]
    born = min(filter(None, known))
    yield born, {}, False
    if name:
        yield assigned or born, {"assignee": name}, assigned is not None
    if closed:
        yield finished or assigned or born, {"status": "S"}, finished is not None
    if was(REVIEW) != "Pendiente":
        yield reviewed or finished or assigned or born, {REVIEW: was(REVIEW)}, reviewed is not None


@dataclass(frozen=True)
class Hand:
    """What is asked: which batches, whose, in which days (whole weeks), as of when."""

    pasts: list[Past]
    person: str | None
    first: date
    last: date
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    @property
    def mondays(self) -> list[date]:
        return [self.first + n * WEEK for n in range((self.last - self.first).days // 7 + 1)]

    def counted(self, person: str | None) -> Document:
        """Return somebody's figures; everybody's for nobody."""
        found = [f for f in self._facts(person) if self.first <= f.day <= self.last]
        did: Counter[str] = Counter(f.what for f in found)
        days = sorted(f.took / timedelta(days=1) for f in found if f.took is not None)
        names = ("assigned", "done", "approved", "rejected", "first_reviewed", "first_approved")
        held = [p for p in self.pasts if person in {None, p.raw["assignee"]}]
        share = did["first_approved"] / did["first_reviewed"] if did["first_reviewed"] else None
        return {"person": person, **{name: did[name] for name in names},
                "first_approved_share": share, "timed": len(days),
                "median_days": median(days) if days else None,
                "most_days": days[-(len(days) // 10) - 1] if days else None,
                "open": sum(p.raw["status"] != "S" for p in held),
                "overdue": sum(p.is_overdue(self.today) for p in held)}  # fmt: skip

    def team(self) -> dict[str, Document]:
        """Return the rows of everybody of whom there is something to say."""
        if self.person:
            return {self.person: self.counted(self.person)}
        names = {person[-1][1] for past in self.pasts for person in past.cast.people}
        rows = {name: self.counted(name) for name in names}
        says = ("assigned", "done", "approved", "rejected", "open")
        return {name: row for name, row in rows.items() if any(row[word] for word in says)}

    def weeks(self) -> list[Document]:
        """Return what was done in each week."""
        names = ("assigned", "done", "approved", "rejected")
        did = Counter((f.what, monday(f.day)) for f in self._facts(self.person))
        return [{**_days(start), **{name: did[name, start] for name in names},
                 "complete": start + WEEK <= self.today} for start in self.mondays]  # fmt: skip

    def burnup(self) -> list[Document]:
        """Return how things stood when each week ended (the present one: now)."""
        rows = []
        for start in self.mondays:
            end = datetime.combine(start + WEEK, time(), ZONE)
            stood = [one for past in self.pasts if (one := past.stood(end))]
            own = [one for one in stood if self.person in {None, one.whose}]
            total, finished = len(own), sum(one.finished for one in own)
            left = total - finished
            rows.append({**_days(start), "total": total, "finished": finished, "remaining": left})
        return rows

    def sample(self) -> list[int]:
        """Return how far each of the past 12 weeks got, without those before anybody began."""
        weeks = [monday(self.today) - n * WEEK for n in range(12, 0, -1)]
        facts = self._facts(self.person)
        got = [sum(f.step for f in facts if f.what == "progress" and monday(f.day) == week)
               for week in weeks]  # fmt: skip
        began = any(f.what == "done" and f.day < weeks[0] for f in facts)
        return got if began else list(dropwhile(lambda one: not one, got))

    def _facts(self, person: str | None) -> list[Fact]:
        return [f for past in self.pasts for f in past.facts() if person in {None, f.whose}]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _days(start: date) -> Document:
    return {"start": f"{start}", "end": f"{start + timedelta(days=6)}"}


def chance_to_end(left: int, sample: Sequence[int], days: int) -> float:
    """Return how likely drawn weeks, the last by its share, take at most so many days: exactly,
    from the shares of all ways it may go."""
    ways, ended = {left: 1.0}, 0.0
    for week in range(days // 7 + 1):
        onward: Counter[int] = Counter()
        for rest, share in ways.items():
            for got in sample:
                if got < rest:
                    onward[rest - got] += share / len(sample)  # type: ignore[assignment]
                elif 7 * (week + rest / got) <= days:
                    ended += share / len(sample)
        ways = dict(onward)
    return ended
