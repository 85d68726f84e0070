"""`/historial`: what everybody did, newest first, and undoing it."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from batches.queries import operations as queries
from batches.rules.activity import FIELDS, KINDS, NAMES, UNDOABLE, parse_activity
from batches.rules.timeline import CHANNELS, Entry, entries
from batches.services import operations
from crew.access import may, requires
from crew.filters import listing
from crew.rules import Capability
from segmentacion.mongo.clients import Document


@dataclass(frozen=True)
class Row:
    """One act: what, by whom, on how many, and whether it can be undone by who looks."""

    operation: str
    title: str
    kind: str
    who: str
    channel: str
    at: Any
    summary: str
    fields: list[str]
    planned: int
    changed: int | None
    batch_id: str
    entry: Entry | None
    undone_by: str
    may_undo: bool


@require_GET
@requires(Capability.READ)
def history(request: HttpRequest) -> HttpResponse:
    """The whole page; htmx asks for further rows alone."""
    found = listing(request.GET, NAMES, parse_activity, queries.page)
    context = {
        **found.context(),
        "rows": _rows(found.page.records, request),
        "people": queries.people(),
        "fields": FIELDS,
        "channels": CHANNELS,
        "kinds": KINDS,
        "may_trash": may(request.user, Capability.DELETE),
    }
    template = "history/rows.html" if request.headers.get("HX-Request") else "history.html"
    return render(request, template, context, status=found.status)


@require_GET
@requires(Capability.READ)
def operation(request: HttpRequest, operation: str) -> HttpResponse:
    """The batches of one act, old → new; a page of its own without htmx."""
    record = operations.head(operation)
    if record is None:
        raise Http404
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 else 1
    touched, total = queries.touched(operation, page=max(number, 1))
    zone = timezone.get_current_timezone()
    pages = max(1, -(-total // queries.PER_PAGE))
    context = {
        "row": _rows([record], request)[0],
        "batches": [
            (one, next(iter(entries([one.event], zone)), None) if one.event else None)
            for one in touched
        ],
        "total": total,
        "number": number,
        "pages": pages,
        "next": number + 1 if number < pages else 0,
    }
    fragment = bool(request.headers.get("HX-Request"))
    return render(request, "history/batches.html" if fragment else "operation.html", context)


def _rows(records: list[Document], request: HttpRequest) -> list[Row]:
    names = [str(record["operation"]) for record in records]
    undone = queries.undone_by(names)
    single = queries.touched_one_by_one(names)
    account, may_edit = request.user.get_username(), may(request.user, Capability.EDIT)
    return [
        _row(
            record,
            single.get(name),
            undone.get(name, ""),
            may_undo=may_edit or record.get("who") == account,
        )
        for name, record in zip(names, records, strict=True)
    ]


def _row(record: Document, one: queries.Touched | None, undone_by: str, *, may_undo: bool) -> Row:
    kind, changed = str(record.get("kind") or ""), record.get("changed")
    found = entries([one.event], timezone.get_current_timezone()) if one and one.event else []
    channel = str(record.get("channel") or "")
    return Row(
        operation=str(record["operation"]),
        title=KINDS.get(kind, kind),
        kind=kind,
        who=str(record.get("who") or ""),
        channel=CHANNELS.get(channel, channel),
        at=record.get("at"),
        summary=str(record.get("summary") or ""),
        fields=[FIELDS[path] for path in record.get("fields") or [] if path in FIELDS],
        planned=int(record.get("planned") or 0),
        changed=changed if isinstance(changed, int) else None,
        batch_id=one.id if one else "",
        entry=found[0] if found else None,
        undone_by=undone_by,
        may_undo=may_undo and bool(changed) and kind in UNDOABLE and not undone_by,
    )
