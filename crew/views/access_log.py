"""`/historial/accesos`: who came in, what left, who may do what since when. For the lead."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crew import audit, logins, queries
from crew.access import requires
from crew.events import LABELS, NAMES, WARNINGS, Event, parse_events
from crew.filters import listing
from crew.rules import Capability
from segmentacion.mongo.clients import Document

CHANNELS = {
    "web": "en la página",
    "api": "con un token",
    "admin": "en Administración",
    "command": "con un comando",
}


@dataclass(frozen=True)
class Row:
    """One event, as people read it."""

    at: datetime
    who: str
    title: str
    about: str
    detail: str
    channel: str
    place: str
    warns: bool


@require_GET
@requires(Capability.MANAGE_CREW)
def access_log(request: HttpRequest) -> HttpResponse:
    """The whole page; htmx asks for further rows alone."""
    found = listing(request.GET, NAMES, parse_events, queries.events)
    fragment = bool(request.headers.get("HX-Request"))
    context = {
        **found.context(),
        "rows": [_row(record) for record in found.page.records],
        "kinds": {event.value: label for event, label in LABELS.items()},
        **({} if fragment else _around()),
    }
    template = "history/access_rows.html" if fragment else "history/access.html"
    return render(request, template, context, status=found.status)


@require_POST
@requires(Capability.MANAGE_CREW)
def unlock(request: HttpRequest) -> HttpResponse:
    """End the pauses of an account after wrong passwords."""
    name = request.POST.get("account", "")[:150]
    audit.note(request, Event.UNLOCKED, about=name)
    logins.unlock(name)
    messages.success(request, _("%(name)s ya puede volver a intentar.") % {"name": name})
    return redirect("access_log")


def _around() -> dict[str, Any]:
    names = User.objects.filter(is_active=True).values_list("username", flat=True)
    waiting = logins.waiting(names)
    return {
        "people": queries.people_of_events(),
        "waiting": [(name, logins.spoken(left)) for name, left in sorted(waiting.items())],
    }


def _row(record: Document) -> Row:
    kind, channel = str(record.get("kind")), str(record.get("channel"))
    who, about = str(record.get("who") or ""), str(record.get("about") or "")
    known = kind in set(Event)
    return Row(
        at=record["at"],
        who=who or about,
        title=LABELS[Event(kind)] if known else kind,
        about=about if about != who and who else "",
        detail=str(record.get("detail") or ""),
        channel=CHANNELS.get(channel, channel),
        place=str(record.get("place") or ""),
        warns=known and Event(kind) in WARNINGS,
    )
