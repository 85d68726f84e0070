"""Which automatic backups are kept: 7 daily, 4 weekly, 12 monthly. Plain Python, no clock."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Retention:
    """How many days, weeks and months keep a backup each: the newest good one of each."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 12


@dataclass(frozen=True)
class Kept:
    """A backup as the rule sees it: its file, when it was made (local time), whether it is good."""

    file: str
    at: datetime
    good: bool = True


def to_remove(
    backups: Sequence[Kept], retention: Retention = Retention(), *, now: datetime | None = None
) -> list[str]:
    """Return the files to remove, oldest first.

    The last days, weeks and months that have a good backup keep their newest one; periods
    without any do not count, so that a month without backups empties nothing. The newest good
    backup always stays. What is not good goes only when a newer good one exists. What is dated
    after `now` is never removed: a clock was wrong, and nobody knows which.
    """
    seen = [b for b in backups if now is None or b.at <= now]
    good = sorted((b for b in seen if b.good), key=lambda b: (b.at, b.file), reverse=True)
    keep: set[str] = {b.file for b in good[:1]}
    for period, count in (
        (_day, retention.daily),
        (_week, retention.weekly),
        (_month, retention.monthly),
    ):
        keep |= _newest_of_each(good, period, count)
    newest = good[0].at if good else None
    gone = [
        b for b in seen if b.file not in keep and (b.good or (newest is not None and b.at < newest))
    ]
    return [b.file for b in sorted(gone, key=lambda b: (b.at, b.file))]


def _newest_of_each(
    good: Sequence[Kept], period: Callable[[datetime], Hashable], count: int
) -> set[str]:
    first: dict[Hashable, str] = {}
    for backup in good:
        first.setdefault(period(backup.at), backup.file)
    return set(list(first.values())[:count])


def _day(at: datetime) -> Hashable:
    return at.date()


def _week(at: datetime) -> Hashable:
    year, week, _ = at.isocalendar()
    return year, week


def _month(at: datetime) -> Hashable:
    return at.year, at.month
