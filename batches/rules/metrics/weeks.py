"""Weeks: from Monday to Sunday, by the days of a time zone."""

from datetime import UTC, date, datetime, timedelta, tzinfo

# A week that is not known: before all others.
UNDATED = 0
LENGTH = 7
# No zone changes its clock in the middle of a quarter of an hour.
QUARTER_SECONDS = 900


class Calendar:
    """The week a moment lies in, as the ordinal of its Monday. Moments to come are of this week:
    clocks of other programs may be wrong."""

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        self.zone, self.now = zone, now
        self.today = now.astimezone(zone).date()
        self.current = monday(self.today).toordinal()
        self._known: dict[int, int] = {}

    def week_of(self, moment: datetime | None) -> int:
        """Return the ordinal of the Monday; UNDATED for None."""
        if moment is None:
            return UNDATED
        quarter = int(moment.timestamp() // QUARTER_SECONDS)
        week = self._known.get(quarter)
        if week is None:
            week = self._known[quarter] = self._find(quarter)
        return week

    def _find(self, quarter: int) -> int:
        start = datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC)
        try:
            local = start.astimezone(self.zone).date()
        except OverflowError:  # the first or last day that Python knows
            local = start.date()
        return max(min(monday(local).toordinal(), self.current), UNDATED + 1)


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return date.fromordinal(max(1, day.toordinal() - day.weekday()))


def weeks_between(first: int, last: int) -> list[int]:
    """Return every week from one to another, both included."""
    return list(range(first, last + 1, LENGTH))


def ends_on(week: int) -> date:
    """Return the Sunday of a week."""
    return date.fromordinal(week) + timedelta(days=LENGTH - 1)
