"""The board: a column per person, the same page in parts, and whether anything changed."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import condition, require_GET
from django.views.decorators.vary import vary_on_headers

from batches import queries
from batches.models import DATA_VERSION, Batch
from batches.presenting import as_row
from batches.queries import board as board_queries
from batches.rules.board import BoardRequest, as_select, parse_board
from batches.rules.states import Priority, Status
from batches.views.rows import cards_of
from crew.access import capabilities, may, requires
from crew.filters import FilterError
from crew.rules import Capability
from segmentacion.http import etags
from segmentacion.http.json import json_response
from segmentacion.mongo import versions


@require_GET
@requires(Capability.READ)
@vary_on_headers("HX-Request")
def board(request: HttpRequest) -> HttpResponse:
    """The whole page; htmx and the refresh ask for counts and columns alone, which say nothing of
    who looks and are made once for all who may do the same."""
    version = versions.seen(DATA_VERSION)  # before the reads: what is newer is seen again
    if not request.headers.get("HX-Request"):
        return _board(request, version, "board.html")
    decide = (version, versions.seen("crew"), *sorted(capabilities(request.user)))
    return etags.shared(
        request,
        lambda: _board(request, version, "board/board.html"),
        *decide,
        collection=Batch.COLLECTION,
    )


def _board(request: HttpRequest, version: int, template: str) -> HttpResponse:
    asked, error = _asked(request.GET)
    columns = board_queries.columns(asked.filter, size=asked.size)
    shown = _card_context(request, request.GET)
    context = {
        **shown,
        "asked": asked,
        "filter": asked.filter,
        "error": error,
        "version": version,
        "columns": [
            (column, cards_of(_rows(column.documents), may_edit=shown["may_edit"], first=True))
            for column in columns
        ],
        "people": [column for column in columns if column.name and column.active],
        "heaviest": board_queries.heaviest(columns),
        "unassigned": columns[0],
        "matching": sum(column.matching for column in columns),
        "counters": queries.counters(),
        "select": json.dumps(as_select(asked.filter)),
        "statuses": list(Status),
        "priorities": list(Priority),
        "may_export": may(request.user, Capability.EXPORT),
        "may_back_up": may(request.user, Capability.MANAGE_CREW),
    }
    return render(request, template, context, status=400 if error else 200)


@require_GET
@requires(Capability.READ)
def column(request: HttpRequest) -> HttpResponse:
    """The next cards of a column, and the link to those after them."""
    params = request.GET.copy()
    assignee, cursor = params.get("assignee", ""), params.get("cursor", "")
    for name in ("assignee", "cursor"):
        params.pop(name, None)
    asked, error = _asked(params)
    if error:
        return HttpResponse(error, status=400, content_type="text/plain; charset=utf-8")
    found = board_queries.cards(assignee, asked.filter, size=asked.size, cursor=cursor)
    shown = _card_context(request, params)
    context = {
        **shown,
        "name": assignee,
        "cards": cards_of(_rows(found.documents), may_edit=shown["may_edit"], first=False),
        "next_cursor": found.next_cursor,
    }
    return render(request, "board/cards.html", context)


def _etag(request: HttpRequest) -> str:
    return f'"{versions.seen(DATA_VERSION)}"'


@require_GET
@requires(Capability.READ)
@condition(etag_func=_etag)
def version(request: HttpRequest) -> HttpResponse:
    """The data version, which rises with every change of a batch; 304 while it is the same."""
    response = json_response({"version": versions.seen(DATA_VERSION)})
    response["Cache-Control"] = "no-cache"
    return response


def _asked(params: QueryDict) -> tuple[BoardRequest, str]:
    given = {name: values for name, values in params.lists() if any(values)}
    try:
        return parse_board(given), ""
    except FilterError as problem:
        return BoardRequest(), str(problem)


def _card_context(request: HttpRequest, params: QueryDict) -> dict[str, Any]:
    kept = params.copy()
    kept.pop("size", None)
    return {"may_edit": may(request.user, Capability.EDIT), "query": kept.urlencode()}


def _rows(documents: list[dict[str, Any]]) -> list[Any]:
    today = timezone.localdate()
    return [as_row(document, today) for document in documents]
