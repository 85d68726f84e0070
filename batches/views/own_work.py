"""`/mi-trabajo`: a person's own batches, in the order they are to be done."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from batches.presenting import as_row
from batches.queries import own
from batches.rules.states import BatchError
from batches.services.assigning import next_batch
from crew import queries as crew_queries
from crew.access import actor_of, may, require, requires
from crew.rules import Capability
from segmentacion.mongo.clients import Document

OPEN_PER_PAGE = 50
FINISHED_PER_PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.READ)
@vary_on_headers("HX-Request")
def own_work(request: HttpRequest) -> HttpResponse:
    """The page; htmx asks for its content alone. A POST (without JavaScript) takes the next one."""
    person = crew_queries.person_of(request.user.get_username())
    if request.method == "POST":
        return _take_next(request, person)
    if person is None:
        return render(request, "own_work.html", {"person": None})
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    template = "own_work/content.html" if fragment else "own_work.html"
    return render(request, template, _context(request, person))


def _context(request: HttpRequest, person: str) -> dict[str, Any]:
    counts = own.counts(person)
    page = _page(request, "page", counts.open, OPEN_PER_PAGE)
    finished_page = _page(request, "finished", counts.finished, FINISHED_PER_PAGE)
    documents = own.open_work(person, page=page["number"], per_page=OPEN_PER_PAGE)
    finished = own.finished_work(person, page=finished_page["number"], per_page=FINISHED_PER_PAGE)
    return {
        "person": person,
        "counts": counts,
        "limit": settings.WIP_LIMIT,
        "may_work": may(request.user, Capability.WORK),
        "may_comment": may(request.user, Capability.COMMENT),
        "cards": [_card(document) for document in documents],
        "page": page,
        "finished": [_card(document) for document in finished],
        "finished_page": finished_page,
        "finished_open": "finished" in request.GET,
    }


def _card(document: Document) -> dict[str, Any]:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return {
        "row": as_row(document, timezone.localdate()),
        "review_comment": metadata.get("review_comment") or "",
        "reviewed_by": metadata.get("reviewed_by") or "",
        "completed_at": document.get("completed_at"),
    }


def _page(request: HttpRequest, name: str, total: int, per_page: int) -> dict[str, int]:
    pages = max(1, -(-total // per_page))
    asked = request.GET.get(name, "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    number = max(1, min(number, pages))
    following = number + 1 if number < pages else 0
    return {"number": number, "pages": pages, "previous": number - 1, "next": following}


def _take_next(request: HttpRequest, person: str | None) -> HttpResponse:
    require(request.user, Capability.WORK)
    try:
        if person is None:
            raise BatchError(_("Tu cuenta no está ligada a nadie del equipo: pídeselo al líder."))
        document = next_batch(person, actor=actor_of(request))
        messages.success(request, _("Hecho. %(id)s es tuyo.") % {"id": document.get("id")})
    except BatchError as error:
        messages.error(request, str(error))
    return redirect("own_work")
