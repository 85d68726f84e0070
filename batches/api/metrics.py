"""`GET /api/metrics/…`: figures of the work, as JSON or as the table behind a chart (CSV)."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from batches.access import figures_for
from batches.api.metrics_schemas import (
    BurnupAnswer,
    PersonAnswer,
    SummaryAnswer,
    TeamAnswer,
    ThroughputAnswer,
    documented,
)
from batches.api.refusals import refusals
from batches.api.router import router
from batches.rules.metrics.asking import Question
from batches.rules.metrics.figures import Counted, Figures, Week
from batches.rules.metrics.tables import (
    Row,
    burnup_table,
    csv_text,
    team_table,
    weeks_table,
)
from batches.rules.metrics.weeks import ends_on
from batches.services.metrics import Answer
from crew import audit
from crew.access import require
from crew.events import Event
from crew.filters import FilterError
from crew.rules import Capability, UnknownPersonError
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.throttling import check_rate

FORMATS = ("json", "csv")
Shape = Callable[[Answer], dict[str, Any]]
Table = Callable[[Figures], list[Row]]


@router.get(
    "/metrics/summary", summary="Cifras de un periodo y pronóstico", **documented(SummaryAnswer)
)
@refusals
def summary(request: HttpRequest) -> HttpResponse:
    return _answer(request, lambda found: {"figures": counted_json(found.figures.all)})


@router.get("/metrics/team", summary="Cifras por persona", **documented(TeamAnswer, table=True))
@refusals
def team(request: HttpRequest) -> HttpResponse:
    def shape(found: Answer) -> dict[str, Any]:
        people = [counted_json(one) for one in found.figures.people]
        return {"people": people, "all": counted_json(found.figures.all)}

    return _answer(request, shape, ("equipo", _team_rows))


@router.get(
    "/metrics/throughput",
    summary="Lo terminado por semana",
    **documented(ThroughputAnswer, table=True),
)
@refusals
def throughput(request: HttpRequest) -> HttpResponse:
    return _answer(request, _weeks, ("semanas", lambda figures: weeks_table(figures.weeks)))


@router.get(
    "/metrics/burnup",
    summary="Lo terminado sobre el total, semana a semana",
    **documented(BurnupAnswer, table=True),
)
@refusals
def burnup(request: HttpRequest) -> HttpResponse:
    def shape(found: Answer) -> dict[str, Any]:
        return {"weeks": [standing_json(week) for week in found.figures.weeks]}

    return _answer(request, shape, ("avance", lambda figures: burnup_table(figures.weeks)))


@router.get(
    "/metrics/person/{path:name}",
    summary="Cifras de una persona",
    **documented(PersonAnswer, 404, table=True),
)
@refusals
def person(request: HttpRequest, name: str) -> HttpResponse:
    def shape(found: Answer) -> dict[str, Any]:
        return {"person": found.figures.question.person,
                "figures": counted_json(found.figures.all), **_weeks(found)}  # fmt: skip

    table = ("persona", lambda figures: weeks_table(figures.weeks))
    return _answer(request, shape, table, person=name)


def _answer(
    request: HttpRequest, shape: Shape, table: tuple[str, Table] | None = None, *, person: str = ""
) -> HttpResponse:
    require(request.user, Capability.READ)
    params = dict(request.GET.lists())
    wanted = (params.pop("format", None) or ["json"])[-1]
    if wanted not in FORMATS or (wanted == "csv" and table is None):
        allowed = ", ".join(FORMATS if table else FORMATS[:1])
        raise FilterError(f"format: «{wanted[:20]}» no existe aquí (usa {allowed})")
    try:
        found = figures_for(request.user, params, person)
    except UnknownPersonError as error:
        return json_error(404 if person else 400, f"person: {error}")
    if wanted == "csv" and table is not None:
        check_rate("export", request.user.get_username(), settings.EXPORT_LIMIT)
        response = _csv(found.figures, *table)
        audit.note(request, Event.EXPORT, about=response["Content-Disposition"].split('"')[1])
        return response
    return json_response({"success": True, **about(found), **shape(found)})


def _csv(figures: Figures, name: str, table: Table) -> HttpResponse:
    first, last = days_of(figures.question)
    response = HttpResponse(csv_text(table(figures)), content_type="text/csv; charset=utf-8")
    filename = f"metricas_{name}_{first:%Y%m%d}_{last:%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    return response


def _team_rows(figures: Figures) -> list[Row]:
    return team_table(figures.people, None if figures.question.person else figures.all)


def _weeks(found: Answer) -> dict[str, Any]:
    return {"weeks": [week_json(week) for week in found.figures.weeks]}


def about(found: Answer) -> dict[str, Any]:
    """Return what an answer is about: period, filters, forecast, and of when it is."""
    question = found.figures.question
    first, last = days_of(question)
    period = {"from": first, "to": last, "weeks": question.length}
    filters = {"series": question.series, "priority": question.priority, "person": question.person}
    return {
        "at": found.at,
        "period": period,
        "time_zone": str(timezone.get_current_timezone()),
        "filters": {name: value or None for name, value in filters.items()},
        "forecast": asdict(found.figures.forecast),
    }


def days_of(question: Question) -> tuple[date, date]:
    """Return the first and the last day of the period."""
    return date.fromordinal(question.first), ends_on(question.last)


def counted_json(one: Counted) -> dict[str, Any]:
    """Return somebody's figures, with the share approved by the first review (0 to 1)."""
    share = one.first_approved / one.first_reviewed if one.first_reviewed else None
    shown = asdict(one) | {"first_approved_share": share and round(share, 4)}
    return shown | {"person": one.person or None}


def week_json(week: Week) -> dict[str, Any]:
    shown = {name: getattr(week, name) for name in ("assigned", "done", "approved", "rejected")}
    return {**_week_days(week), **shown, "complete": week.complete}


def standing_json(week: Week) -> dict[str, Any]:
    left = week.total - week.finished
    return {**_week_days(week), "total": week.total, "finished": week.finished, "remaining": left}


def _week_days(week: Week) -> dict[str, Any]:
    return {"start": date.fromordinal(week.start), "end": ends_on(week.start)}
