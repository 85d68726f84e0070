"""What the answers of `/api/metrics/…` look like, for the OpenAPI document."""

from typing import Any

from ninja import Schema

from batches.rules.metrics.asking import MAX_WEEKS, WEEKS
from batches.rules.metrics.tally import PRIORITIES, SERIES
from segmentacion.http.schemas import Done, answers


class ForecastOut(Schema):
    """When the rest may be finished; the dates are null unless `outcome` is `range`."""

    outcome: str
    remaining: int
    sample: list[int]
    early: str | None
    middle: str | None
    late: str | None


class About(Done):
    """Of when the figures are, what they are about, and the forecast."""

    at: str
    period: dict[str, Any]
    time_zone: str
    filters: dict[str, str | None]
    forecast: ForecastOut


class CountedOut(Schema):
    """`approved` + `rejected` are all verdicts. Days are those from getting to finishing a batch,
    of the `timed` batches of which that is known."""

    person: str | None
    assigned: int
    done: int
    approved: int
    rejected: int
    first_reviewed: int
    first_approved: int
    first_approved_share: float | None
    timed: int
    median_days: float | None
    most_days: float | None
    open: int
    overdue: int


class WeekOut(Schema):
    start: str
    end: str
    assigned: int
    done: int
    approved: int
    rejected: int
    complete: bool


class StandingOut(Schema):
    start: str
    end: str
    total: int
    finished: int
    remaining: int


class SummaryAnswer(About):
    figures: CountedOut


class TeamAnswer(About):
    people: list[CountedOut]
    all: CountedOut


class ThroughputAnswer(About):
    weeks: list[WeekOut]


class BurnupAnswer(About):
    weeks: list[StandingOut]


class PersonAnswer(About):
    person: str
    figures: CountedOut
    weeks: list[WeekOut]


DAY = {"type": "string", "format": "date"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "weeks": {"type": "integer", "minimum": 1, "maximum": MAX_WEEKS, "default": WEEKS},
    "from": DAY,
    "to": DAY,
    "series": {"type": "string", "enum": list(SERIES)},
    "priority": {"type": "string", "enum": list(PRIORITIES)},
    "person": {"type": "string"},
}


def documented(model: Any, *errors: int, table: bool = False) -> dict[str, Any]:
    """Return the keywords that document an endpoint of figures; `table`: it is a CSV too."""
    known = PARAMETERS | ({"format": {"type": "string", "enum": ["json", "csv"]}} if table else {})
    known = {n: s for n, s in known.items() if not (404 in errors and n == "person")}
    named = [{"name": n, "in": "query", "required": False, "schema": s} for n, s in known.items()]
    extra: dict[str, Any] = {"parameters": named}
    if table:
        extra["responses"] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
        errors = (*errors, 429)
    return {"response": answers(model, *errors), "openapi_extra": extra}
