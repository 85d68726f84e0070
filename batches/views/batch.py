"""`/batch/<id>`: all of one batch, and its single edits without JavaScript."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from batches import queries
from batches.access import asker_of
from batches.presenting import as_row
from batches.queries.histories import History, newest_events
from batches.queries.lookups import UnknownBatchError
from batches.queries.trashed import newest_in_trash
from batches.rules.activity import UNDOABLE
from batches.rules.changes import Asker, InvalidChangeError, Refusal
from batches.rules.states import BatchError, Status
from batches.rules.timeline import entries, last_act, since
from batches.services import operations, trash
from batches.services.changing import StaleError, change_batch
from batches.services.commenting import add_comment
from batches.views.batch_form import asked_from, differences, fields_for, version_from
from crew import queries as crew_queries
from crew.access import actor_of, may, require, requires
from crew.rules import Capability
from segmentacion.actors import new_operation
from segmentacion.mongo.clients import Document

EVENTS = 50
MOST_EVENTS = 5_000
# Where a form may lead after it was saved.
RETURNS = {"/mi-trabajo"}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.READ)
@vary_on_headers("HX-Request")
def batch(request: HttpRequest, batch_id: str) -> HttpResponse:
    """The page; htmx asks for its content alone. A POST is a form's: change, comment, restore."""
    try:
        if request.method == "POST":
            act = {"comment": _comment, "restore": _restore}.get(request.POST.get("act", ""))
            return act(request, batch_id) if act else _change(request, batch_id)
        return _page(request, queries.find(batch_id))
    except UnknownBatchError:
        context = {
            "batch_id": batch_id,
            "entry": newest_in_trash(batch_id),
            "may_restore": may(request.user, Capability.DELETE),
        }
        return render(request, "batch/missing.html", context, status=404)


def _change(request: HttpRequest, batch_id: str) -> HttpResponse:
    asked = asked_from(request.POST)
    if not asked:
        messages.info(request, _("No cambiaste nada."))
        return _back(request, batch_id)
    asker, version = asker_of(request.user), version_from(request.POST)
    try:
        change_batch(batch_id, asked, asker=asker, actor=actor_of(request), version=version)
    except StaleError as stale:
        return _conflict(request, stale.current, asked, version)
    except BatchError as error:
        return _page(request, queries.find(batch_id), error=error, draft=asked)
    messages.success(request, _("Hecho. El cambio quedó guardado."))
    return _back(request, batch_id)


def _comment(request: HttpRequest, batch_id: str) -> HttpResponse:
    require(request.user, Capability.COMMENT)
    try:
        add_comment(batch_id, request.POST.get("text"), actor=actor_of(request))
    except BatchError as error:
        return _page(request, queries.find(batch_id), error=error)
    messages.success(request, _("Hecho. Tu comentario quedó en el batch."))
    return _back(request, batch_id)


def _restore(request: HttpRequest, batch_id: str) -> HttpResponse:
    require(request.user, Capability.DELETE)
    entry = newest_in_trash(batch_id)
    if entry is None:
        queries.find(batch_id)
        messages.info(request, _("El batch ya no está en la papelera."))
        return _back(request, batch_id)
    report = trash.restore([entry], actor=actor_of(request), operation=new_operation())
    for key, reason in report.refused:
        messages.error(request, f"{key}: {reason}")
    if report.restored:
        messages.success(request, _("Hecho. El batch salió de la papelera, con su historial."))
    return _back(request, batch_id)


def _back(request: HttpRequest, batch_id: str) -> HttpResponse:
    wanted = request.POST.get("next", "")
    return redirect(wanted) if wanted in RETURNS else redirect("batch", batch_id=batch_id)


def _conflict(
    request: HttpRequest, current: Document, asked: dict[str, Any], version: int | None
) -> HttpResponse:
    """Show what the others did meanwhile, and both values; nothing was written."""
    zone = timezone.get_current_timezone()
    missed = max(1, int(current.get("version") or 0) - (version or 0))
    events = since(newest_events(current["id"], EVENTS).events, missed)
    conflict = {
        "entries": entries(events, zone),
        "differences": differences(current, asked, request.POST),
        "next": request.POST.get("next", ""),
    }
    if request.headers.get("HX-Request"):
        context = {"conflict": conflict, "row": as_row(current, timezone.localdate())}
        return render(request, "batch/conflict.html", context, status=409)
    return _page(request, current, conflict=conflict)


def _page(
    request: HttpRequest,
    document: Document,
    *,
    error: BatchError | None = None,
    draft: dict[str, Any] | None = None,
    conflict: dict[str, Any] | None = None,
) -> HttpResponse:
    asker = asker_of(request.user)
    context = {
        **_shown(document),
        **_allowed(request, document, asker, draft or {}),
        **_history(request, document),
        "error": error,
        "conflict": conflict,
    }
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    template = "batch/content.html" if fragment else "batch.html"
    return render(request, template, context, status=_status(error, conflict))


def _shown(document: Document) -> dict[str, Any]:
    metadata = document.get("metadata")
    thread = document.get("comment_thread")
    return {
        "row": as_row(document, timezone.localdate()),
        "batch": document,
        "metadata": metadata if isinstance(metadata, dict) else {},
        "thread": [said for said in thread if isinstance(said, dict)]
        if isinstance(thread, list)
        else [],
    }


def _allowed(
    request: HttpRequest, document: Document, asker: Asker, draft: dict[str, Any]
) -> dict[str, Any]:
    own = asker.holds(document.get("assignee"))
    segmented = document.get("status") == Status.SEGMENTED
    reviews = asker.may_review or asker.may_edit
    crew = crew_queries.names(active_only=True) if asker.may_edit else []
    return {
        "fields": fields_for(document, asker, crew, draft),
        "own": own,
        "may_review": reviews and segmented and not own,
        "waits_for_others": reviews and segmented and own,
        "may_comment": may(request.user, Capability.COMMENT),
        "may_delete": may(request.user, Capability.DELETE),
        "may_upload": asker.may_edit or (asker.may_work and own),
    }


def _history(request: HttpRequest, document: Document) -> dict[str, Any]:
    asked = request.GET.get("events", "")
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else EVENTS
    history = newest_events(document["id"], max(EVENTS, min(wanted, MOST_EVENTS)))
    shown = entries(history.events, timezone.get_current_timezone())
    return {
        "timeline": shown,
        "history": history,
        "next_events": len(history.events) + EVENTS,
        "undo": _undo(request, history, document["id"]),
    }


def _undo(request: HttpRequest, history: History, batch_id: str) -> dict[str, Any] | None:
    """Return the last operation and its entry when this person may undo it here, else None.

    What undoing passes over (the sync's marks, verdicts, comments) may fill all that is shown.
    """
    zone = timezone.get_current_timezone()
    last = last_act(entries(history.events, zone))
    if last is None and history.more:
        last = last_act(entries(newest_events(batch_id, MOST_EVENTS).events, zone))
    record = operations.head(last.operation) if last and last.undoable else None
    if record is None or record["kind"] not in UNDOABLE:
        return None
    own = record["who"] == request.user.get_username()
    allowed = own or may(request.user, Capability.EDIT)
    return {"record": record, "entry": last} if allowed else None


def _status(error: BatchError | None, conflict: dict[str, Any] | None) -> int:
    if error is None:
        return 409 if conflict else 200
    if isinstance(error, InvalidChangeError):
        return 400
    return 403 if isinstance(error, Refusal) and error.is_about_who else 409
