"""`/metrics`: how the work goes, for the meeting on Friday; and when the rest may be finished."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from batches.access import figures_for
from batches.rules.changes import NotAllowedRefusal
from batches.rules.metrics.figures import Counted, Figures, Week
from batches.rules.metrics.tally import PRIORITIES, SERIES
from batches.rules.metrics.weeks import ends_on
from batches.services.metrics import Answer
from batches.views import charts
from crew import queries as crew_queries
from crew.access import may, requires
from crew.filters import FilterError
from crew.rules import Capability, UnknownPersonError

PERIODS = (4, 8, 12, 26, 52, 104)


@dataclass(frozen=True)
class WeekRow:
    """A week as a row of the tables behind the charts."""

    days: str
    week: Week

    @property
    def left(self) -> int:
        return self.week.total - self.week.finished


@require_safe
@requires(Capability.READ)
def metrics(request: HttpRequest) -> HttpResponse:
    """The page. A question that cannot be answered is named, and the usual one answered."""
    params = {name: [str(v) for v in values] for name, values in request.GET.lists() if any(values)}
    if params.keys() & {"from", "to"}:
        params.pop("weeks", None)  # the form sends all its fields
    error, status = "", 200
    try:
        found = figures_for(request.user, params)
    except (FilterError, UnknownPersonError) as problem:
        error, status = str(problem), 400
    except NotAllowedRefusal as problem:
        error, status = str(problem), 403
    if error:
        found = figures_for(request.user, {})
    return render(request, "metrics.html", _context(request, found, error), status=status)


def _context(request: HttpRequest, found: Answer, error: str) -> dict[str, Any]:
    figures = found.figures
    question = figures.question
    return {
        "error": error,
        "figures": figures,
        "question": question,
        "first": date.fromordinal(question.first),
        "last": ends_on(question.last),
        "at": found.at,
        "zone": timezone.get_current_timezone_name(),
        "periods": PERIODS if question.weeks in (0, *PERIODS) else (*PERIODS, question.weeks),
        "series": SERIES,
        "priorities": PRIORITIES,
        "people": _people(request, found),
        "query": urlencode(question.params),
        "link": urlencode({k: v for k, v in question.params.items() if k != "person"}),
        "weeks": [WeekRow(charts.span(week), week) for week in reversed(figures.weeks)],
        "throughput": charts.throughput(figures.weeks),
        "burnup": charts.burnup(figures.weeks),
        "nothing_done": not any(week.done for week in figures.weeks),
        "whole": None if question.person else figures.all,
        "nobody": _nobody(figures) if may(request.user, Capability.METRICS) else None,
    }


def _people(request: HttpRequest, found: Answer) -> list[str]:
    """Return whose figures may be asked for."""
    if may(request.user, Capability.METRICS):
        return found.people
    own = crew_queries.person_of(request.user.get_username())
    return [own] if own else []


def _nobody(figures: Figures) -> Counted | None:
    """Return what is open and nobody's, so that the rows add up to the whole."""
    if figures.question.person:
        return None
    left = figures.all.open - sum(one.open for one in figures.people)
    overdue = figures.all.overdue - sum(one.overdue for one in figures.people)
    return Counted(open=left, overdue=overdue) if left else None
