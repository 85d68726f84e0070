"""What happened to one batch, as facts: who got it, who finished it, what the review said.

The history is walked from its beginning: what a batch was before its first event is what the
events say they replaced. What was undone did not happen. What another program changed without
history is taken to have happened when it is next seen. A batch without history is what its fields
say: created, assigned, completed and reviewed when they say so. A batch that was created finished
(an import writes the same moment in `created_at` and `completed_at`) was finished nobody knows
when: it counts as done, but not as work of any week.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import IntEnum
from typing import Any

from batches.rules.adoption.batch import REVIEW_WORDS, STATUS_WORDS
from batches.rules.adoption.values import tidy
from batches.rules.dates import parse_time
from batches.rules.importing import value_at
from batches.rules.metrics.people import NOBODY, People
from batches.rules.states import Review, Status

ASSIGNEE, STATUS, REVIEW = "assignee", "status", "metadata.review_status"
# The fields of changes that say anything here; the last three say since when a batch was so.
STATE = (ASSIGNEE, STATUS, REVIEW)
TIMES = ("metadata.assigned_at", "completed_at", "reviewed_at")
WATCHED = (*STATE, *TIMES)
PENDING = str(Review.PENDING)
STATUSES, REVIEWS = frozenset(map(str, Status)), frozenset(map(str, Review))
VERDICTS = {str(Review.APPROVED), str(Review.REJECTED)}
SAME_MOMENT_SECONDS = 1


class Kind(IntEnum):
    """What a fact is. HELD and CLOSED count up and down: batches held by a person, and those of
    them that are finished. NET is CLOSED where the moment is known: progress of a week."""

    ASSIGNED = 0
    DONE = 1  # finished for the first time
    APPROVED = 2
    REJECTED = 3
    REVIEWED_FIRST = 4
    APPROVED_FIRST = 5
    HELD = 6
    CLOSED = 7
    NET = 8


# One thing that happened: what, when (None: nobody knows), to whose account, how many, and how
# many minutes a finished batch had been with the person (None: not known, or not finished).
# A plain tuple: there are a million of them where there are a hundred thousand batches.
Fact = tuple[Kind, datetime | None, str, int, int | None]
Changes = list[tuple[str, Any, Any]]


@dataclass
class Life:
    """A batch while its history is walked."""

    people: People
    name: str = NOBODY  # as it was written
    holder: str = NOBODY  # who that is today
    held_since: datetime | None = None
    closed: bool = False
    finisher: str | None = None
    was_done: bool = False
    was_reviewed: bool = False
    review: str = PENDING
    facts: list[Fact] = field(default_factory=list)

    def take(self, name: str, at: datetime | None, *, told: bool = True) -> None:
        """Give the batch to somebody, or to nobody. A rename changes nobody's hands."""
        if name == self.name:
            return
        self.name = name
        person = self.people.called(name, at) if name else NOBODY
        if person == self.holder:
            return
        self._move(self.holder, -1, at)
        self._move(person, 1, at)
        self.holder, self.held_since = person, at
        if person and told and at is not None:
            self.facts.append((Kind.ASSIGNED, at, person, 1, None))

    def close(self, at: datetime | None, *, dated: bool = True) -> None:
        """Finish the batch: to the account of who holds it now."""
        if self.closed:
            return
        self.closed, self.finisher = True, self.holder
        self.facts.append((Kind.CLOSED, at, self.holder, 1, None))
        if dated and at is not None:
            self.facts.append((Kind.NET, at, self.holder, 1, None))
            if not self.was_done:
                self.facts.append((Kind.DONE, at, self.holder, 1, self._minutes(at)))
        self.was_done = True

    def reopen(self, at: datetime | None) -> None:
        """Take the batch back among the open ones."""
        if not self.closed:
            return
        self.closed = False
        self.facts.append((Kind.CLOSED, at, self.holder, -1, None))
        if at is not None:
            self.facts.append((Kind.NET, at, self.holder, -1, None))

    def judge(self, verdict: str, at: datetime | None) -> None:
        """Review the batch: to the account of who finished it."""
        if verdict == self.review:
            return
        self.review = verdict
        if verdict not in VERDICTS:
            return
        person = self.holder if self.finisher is None else self.finisher
        first, self.was_reviewed = not self.was_reviewed, True
        if at is None:
            return
        good = verdict == Review.APPROVED
        self.facts.append((Kind.APPROVED if good else Kind.REJECTED, at, person, 1, None))
        if first:
            self.facts.append((Kind.REVIEWED_FIRST, at, person, 1, None))
            if good:
                self.facts.append((Kind.APPROVED_FIRST, at, person, 1, None))

    def _move(self, person: str, step: int, at: datetime | None) -> None:
        self.facts.append((Kind.HELD, at, person, step, None))
        if self.closed:
            self.facts.append((Kind.CLOSED, at, person, step, None))

    def _minutes(self, at: datetime) -> int | None:
        if self.held_since is None or not self.holder or at < self.held_since:
            return None
        return int((at - self.held_since).total_seconds() // 60)


def facts_of(document: Mapping[str, Any], people: People, zone: tzinfo) -> list[Fact]:
    """Return all that happened to a batch, in order; the sums of HELD and CLOSED end at what it
    is now. `zone` is the one that texts of older programs are written in."""
    events = [(event.get("at"), _changes(event)) for event in standing(document.get("history"))]
    life = Life(people)
    earliest = moment(events[0][0], zone) if events else None
    seen = _begin(life, _before(document, events), document, (zone, earliest))
    for at, changes in events:
        seen = moment(at, zone) or seen
        _pass(life, changes, seen)
    now = [(name, None, value_at(document, name)) for name in STATE]
    _become(life, now, seen)
    return life.facts


def standing(history: object) -> list[Mapping[str, Any]]:
    """Return the events that say something here and were not undone. An undo and what it undid
    both go; an undo that was undone itself undoes nothing."""
    found: list[Mapping[str, Any]]
    found = [e for e in history if isinstance(e, dict)] if isinstance(history, list) else []
    if not any("undo_of" in event for event in found):
        return found
    undone: set[Any] = set()
    kept = []
    for event in reversed(found):
        if event.get("operation") is not None and event.get("operation") in undone:
            continue
        if event.get("undo_of") is not None:
            undone.add(event["undo_of"])
        else:
            kept.append(event)
    return kept[::-1]


def is_finished(status: object) -> bool:
    """Tell whether a stored status means S, also in an older program's words."""
    if status.__class__ is str and status in STATUSES:
        return status == Status.SEGMENTED
    return isinstance(status, str) and _meant(status, STATUS_WORDS) == Status.SEGMENTED


def verdict_of(review: object) -> str:
    """Return a stored review as one of ours; what is none of them is pending."""
    if isinstance(review, str):
        return review if review in REVIEWS else _meant(review, REVIEW_WORDS) or PENDING
    return PENDING


def _meant(text: str, words: Mapping[str, str]) -> str | None:
    return words.get(tidy(text).casefold())


def moment(value: object, zone: tzinfo) -> datetime | None:
    """Return a stored moment, also one an older program wrote as text; None for anything else."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return parse_time(value, zone)
    except (ValueError, OverflowError):
        return None


def _before(document: Mapping[str, Any], events: list[tuple[Any, Changes]]) -> dict[str, Any]:
    """Return what the watched fields were before the first event."""
    first: dict[str, Any] = {}
    for _, changes in events:
        for name, old, _ in changes:
            if name not in first:
                first[name] = old
    return {name: first[name] if name in first else value_at(document, name) for name in WATCHED}


def _begin(
    life: Life,
    first: Mapping[str, Any],
    document: Mapping[str, Any],
    known_by: tuple[tzinfo, datetime | None],
) -> datetime | None:
    """Let a batch come to be as it was at first; return when, or None. It was there before the
    earliest event, whatever `created_at` says."""
    zone, earliest = known_by
    created = moment(document.get("created_at"), zone)
    assigned, completed, reviewed = (moment(first[name], zone) for name in TIMES)
    if _same(reviewed, created):  # stamped by an import: nobody knows when it was
        reviewed = None
    name = _name(first[ASSIGNEE])
    known = [created, earliest] + ([assigned] if name else [])
    closed = is_finished(first[STATUS])
    dated = closed and completed is not None and not _same(completed, created)
    born = min((at for at in [*known, completed if dated else None] if at), default=None)
    life.facts.append((Kind.HELD, born, NOBODY, 1, None))
    if name:
        life.take(name, assigned or born, told=assigned is not None)
        if assigned is None:
            life.held_since = None
    _begin_done(life, first, (born, completed if dated else None, reviewed))
    return born


def _begin_done(life: Life, first: Mapping[str, Any], times: tuple[datetime | None, ...]) -> None:
    """Finish and review a batch that began finished or reviewed."""
    born, completed, reviewed = times
    if is_finished(first[STATUS]):
        since = completed or life.held_since or born
        life.close(since, dated=completed is not None)
    verdict = verdict_of(first[REVIEW])
    if verdict in VERDICTS:
        life.was_done = True
        life.judge(verdict, reviewed)


def _pass(life: Life, changes: Changes, at: datetime | None) -> None:
    """Let one event happen; before it the batch is what the event says it replaced."""
    if any(_is_news(life, name, old) for name, old, _ in changes):
        _become(life, [(name, None, old) for name, old, _ in changes], at)
    _become(life, changes, at)


def _is_news(life: Life, name: str, old: Any) -> bool:
    """Tell whether a field was something else than we know: another program changed it."""
    if name == ASSIGNEE:
        return _name(old) != life.name
    if name == STATUS:
        return is_finished(old) != life.closed
    return name == REVIEW and verdict_of(old) != life.review


def _become(life: Life, changes: Changes, at: datetime | None) -> None:
    """Make the batch what the new values say: first whose it is, then finished, then reviewed."""
    closed, verdict = life.closed, life.review
    for name, _, new in changes:
        if name == ASSIGNEE:
            life.take(_name(new), at)
        elif name == STATUS:
            closed = is_finished(new)
        elif name == REVIEW:
            verdict = verdict_of(new)
    if closed:
        life.close(at)
    life.judge(verdict, at)
    if not closed:
        life.reopen(at)


def _changes(event: Mapping[str, Any]) -> Changes:
    changes = event.get("changes")
    return [
        (change["field"], change.get("old"), change.get("new"))
        for change in (changes if isinstance(changes, list) else ())
        if isinstance(change, dict) and change.get("field") in WATCHED
    ]


def _name(value: object) -> str:
    """Return an assignee as a name; what older programs wrote for nobody is nobody."""
    return " ".join(value.split()) if isinstance(value, str) else NOBODY


def _same(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return False
    return abs((one - other).total_seconds()) < SAME_MOMENT_SECONDS
