"""The dashboard: counters, and the table with its filters in the URL."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from batches import queries
from batches.models import DATA_VERSION, Batch
from batches.presenting import as_row
from batches.queries import views as saved_views
from batches.queries.pages import ROWS
from batches.rules.filters import (
    ANY_DOUBTFUL,
    SORTS,
    BatchFilter,
    PageRequest,
    parse_page,
)
from batches.rules.states import Priority, Review, Status
from batches.views.filter_links import VERDICTS, chips_of, given, url_with
from batches.views.rows import html_of
from crew import queries as crew_queries
from crew.access import capabilities, may, requires
from crew.filters import FilterError
from crew.rules import Capability
from segmentacion.http import etags
from segmentacion.mongo import versions

PAGE_SIZES = (25, 50, 100, 200)


@dataclass(frozen=True)
class Column:
    """A sortable head: its state (`asc`, `desc` or "") and where a click leads."""

    key: str
    label: str
    state: str
    url: str


@dataclass(frozen=True)
class Card:
    """A counter of the top row, and the filter that a click on it applies."""

    key: str
    label: str
    value: int
    url: str
    current: bool


@require_GET
@requires(Capability.READ)
@vary_on_headers("HX-Request")
def dashboard(request: HttpRequest) -> HttpResponse:
    """The whole page; htmx asks for the table alone, with its counters."""
    if _is_fragment(request):
        version = versions.seen(DATA_VERSION)
        # It says nothing of who looks: whoever may do the same is shown the same.
        decide = (version, *sorted(capabilities(request.user)))
        return etags.shared(
            request, lambda: _table(request, version), *decide, collection=Batch.COLLECTION
        )
    default = None if request.GET else saved_views.default_of(request.user.get_username())
    if default is not None and default.query:
        return redirect(f"{request.path}?{default.query}")
    return _page(request)


@require_GET
@requires(Capability.READ)
def version(request: HttpRequest) -> HttpResponse:
    """The data version alone, for a page that asks every few seconds whether anything changed."""
    current = versions.seen(DATA_VERSION)
    etag = etags.etag_of(current, timezone.localdate(), ages=False)
    return etags.answer(request, etag, lambda: HttpResponse(str(current), "text/plain"))


@require_GET
@requires(Capability.READ)
def row(request: HttpRequest, batch_id: str) -> HttpResponse:
    """One row of the table, as it is now; empty when the batch is gone."""
    document = queries.by_id([batch_id]).get(batch_id)
    if document is None:
        return HttpResponse(status=404)
    context = {
        "row": as_row(document, timezone.localdate()),
        "may_edit": may(request.user, Capability.EDIT),
    }
    return render(request, "dashboard/row.html", context)


@require_GET
@requires(Capability.READ)
def views(request: HttpRequest) -> HttpResponse:
    """The menu of saved views."""
    found = saved_views.visible_to(request.user.get_username())
    return render(request, "dashboard/view_items.html", {"views": found})


def _is_fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted")


def _table(request: HttpRequest, version: int) -> HttpResponse:
    context, status = _context(request)
    context["version"] = version
    return render(request, "dashboard/table.html", context, status=status)


def _page(request: HttpRequest) -> HttpResponse:
    version = versions.seen(DATA_VERSION)
    context, status = _context(request)
    context |= {
        "version": version,
        "crew": crew_queries.names(active_only=True),
        "views": saved_views.visible_to(request.user.get_username()),
        "may_delete": may(request.user, Capability.DELETE),
    }
    return render(request, "dashboard.html", context, status=status)


def _context(request: HttpRequest) -> tuple[dict[str, Any], int]:
    """Return what the table shows, and the status of the answer."""
    status = 200
    try:
        asked, error = parse_page(given(request.GET)), ""
        page = queries.page(asked, fields=ROWS)
    except FilterError as problem:
        asked, error, status = PageRequest(), str(problem), 400
        page = queries.page(asked, fields=ROWS)
    if page.page > page.pages:
        asked = asked.with_page(page.pages)
        page = queries.page(asked, fields=ROWS)
    today, may_edit = timezone.localdate(), may(request.user, Capability.EDIT)
    rows = [as_row(document, today) for document in page.documents]
    counters = queries.counters()
    context = {
        "asked": asked,
        "filter": asked.filter,
        "error": error,
        "page": page,
        "rows": html_of(rows, may_edit=may_edit),
        "counters": counters,
        "cards": _cards(counters, asked.filter),
        "chips": chips_of(request.GET),
        "columns": _columns(request.GET, asked),
        "links": _page_links(request.GET, page),
        "query": request.GET.urlencode(),
        "people": crew_queries.names(),
        "statuses": list(Status),
        "priorities": list(Priority),
        "reviews": list(Review),
        "verdicts": VERDICTS.items(),
        "page_sizes": PAGE_SIZES,
        "may_edit": may_edit,
    }
    return context, status


CARDS = {
    "total": ("Total", "", BatchFilter()),
    "ns": ("NS", "?status=NS", BatchFilter(status=("NS",))),
    "in_progress": ("In", "?status=In", BatchFilter(status=("In",))),
    "s": ("S", "?status=S", BatchFilter(status=("S",))),
    "uploaded": ("Cargado a Mongo", "?uploaded=true", BatchFilter(uploaded=True)),
    "not_uploaded": ("No cargado", "?uploaded=false", BatchFilter(uploaded=False)),
    "unassigned": ("Sin asignar", "?assignee=", BatchFilter(assignee=("",))),
    "overdue": ("Vencidos", "?overdue=true", BatchFilter(overdue=True)),
    "doubtful": ("Con archivo dudoso", "?verdict=doubtful", BatchFilter(verdict=(ANY_DOUBTFUL,))),
}
# Shown only when there are any.
SOMETIMES = {"doubtful"}


def _cards(counters: queries.Counters, active: BatchFilter) -> list[Card]:
    return [
        Card(key, label, getattr(counters, key), f"/dashboard{query}", active == wanted)
        for key, (label, query, wanted) in CARDS.items()
        if key not in SOMETIMES or getattr(counters, key) or active == wanted
    ]


HEADS = {
    "id": "Batch",
    "assignee": "Responsable",
    "status": "Estatus",
    "priority": "Prioridad",
    "review_status": "Revisión",
    "due_date": "Fecha límite",
    "last_file_upload": "Cargado a Mongo",
    "updated_at": "Actualizado",
}


def _columns(params: QueryDict, asked: PageRequest) -> list[Column]:
    columns = []
    for key in (key for key in HEADS if key in SORTS):
        state = ("desc" if asked.descending else "asc") if asked.sort == key else ""
        target = f"-{key}" if state == "asc" else key
        columns.append(Column(key, HEADS[key], state, url_with(params, sort=target)))
    return columns


def _page_links(params: QueryDict, page: queries.BatchPage) -> dict[str, str]:
    """Return the URLs of the first, previous, next and last page; "" where there is none."""
    numbers = {
        "first": 1 if page.page > 1 else 0,
        "previous": page.page - 1,
        "next": page.page + 1 if page.page < page.pages else 0,
        "last": page.pages if page.page < page.pages else 0,
    }
    return {
        name: url_with(params, page=str(number)) if number else ""
        for name, number in numbers.items()
    }
