"""`/papelera`: what was deleted or replaced; putting it back, and emptying it for good."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from batches.queries import trashed
from batches.services import trash
from crew import queries as crew_queries
from crew import services as crew_services
from crew.access import actor_of, may, requires
from crew.rules import Capability, CrewError, UnknownPersonError
from segmentacion.actors import new_operation
from segmentacion.mongo.clients import Document

WORD = "VACIAR"


@require_GET
@requires(Capability.DELETE)
def trash_page(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("page", "1")
    page = trashed.page(int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1)
    entries = [_shown(entry) for entry in page.entries]
    newest = trashed.page(1).entries[:1]
    until = newest[0]["at"].isoformat() if newest else ""
    context = {"page": page, "entries": entries, "word": WORD, "until": until}
    if may(request.user, Capability.MANAGE_CREW):
        context["people"] = [_person(entry) for entry in crew_queries.trashed_people()]
    return render(request, "trash.html", context)


def _shown(entry: Document) -> Document:
    document = entry.get("document") or {}
    kept = {"status": document.get("status"), "assignee": document.get("assignee")}
    return {**entry, **kept, "id": entry["_id"], "batch_id": entry.get("key") or "—"}


def _person(entry: Document) -> Document:
    document = entry.get("document") or {}
    shown = {name: document.get(name) or "" for name in ("name", "role", "email")}
    return {**shown, "id": entry["_id"], "at": entry["at"], "who": entry["who"]}


@require_POST
@requires(Capability.MANAGE_CREW)
def restore_person(request: HttpRequest) -> HttpResponse:
    """Put one person back into the crew; the batches stay with whom they were given to."""
    try:
        name = crew_services.restore_person(request.POST.get("person", ""), actor=actor_of(request))
    except UnknownPersonError:
        messages.warning(request, "Esa persona ya no está en la papelera.")
    except CrewError as error:
        messages.warning(request, f"No volvió al equipo: {error}.")
    else:
        messages.success(request, f"{name} volvió al equipo. Sus batches siguen con quien están.")
    return redirect("trash")


@require_POST
@requires(Capability.DELETE)
def restore(request: HttpRequest) -> HttpResponse:
    entries = trashed.entries_with(request.POST.getlist("entry"))
    if not entries:
        messages.warning(request, "No elegiste ningún batch: nada cambió.")
        return redirect("trash")
    report = trash.restore(entries, actor=actor_of(request), operation=new_operation())
    noun = "batch volvió" if report.restored == 1 else "batches volvieron"
    messages.success(request, f"{report.restored:,} {noun} a la lista, con todo su historial.")
    for batch_id, reason in report.refused:
        messages.warning(request, f"{batch_id} sigue en la papelera: {reason}.")
    return redirect("trash")


@require_POST
@requires(Capability.DELETE)
def empty(request: HttpRequest) -> HttpResponse:
    """Delete for good what the page showed when the word was typed."""
    if request.POST.get("word", "").strip() != WORD:
        messages.warning(request, f"Escribe {WORD} para vaciar la papelera. Nada se eliminó.")
        return redirect("trash")
    until = _moment(request.POST.get("until", ""))
    if until is None:
        messages.warning(request, "La papelera cambió. Revísala y vuelve a intentar.")
        return redirect("trash")
    deleted = trash.empty(actor=actor_of(request), operation=new_operation(), until=until)
    noun = "batch se eliminó" if deleted == 1 else "batches se eliminaron"
    messages.success(request, f"{deleted:,} {noun} para siempre.")
    return redirect("trash")


def _moment(text: str) -> datetime | None:
    """Return a time that the page wrote; None for what it cannot have written."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None
