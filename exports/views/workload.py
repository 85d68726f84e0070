"""`/data-management/cargas`: a workload that came back filled in: its plan, then the change."""

from pathlib import PurePath
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from batches.access import asker_of
from batches.rules.states import BatchError
from batches.services.undoing import undo
from crew.access import actor_of, requires
from crew.rules import Capability
from exports.rules.workload import (
    MAX_BYTES,
    WorkloadFormatError,
    accepted_text,
    parse_accepted,
)
from exports.services.workload import apply_filled, plan_filled
from segmentacion.actors import new_operation
from segmentacion.http.once import KEY
from segmentacion.http.throttling import limited

# Rows of a plan that are shown; the numbers are of all.
SHOWN = 200
Context = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.EDIT)
@vary_on_headers("HX-Request")
@limited("workload")
def workload(request: HttpRequest) -> HttpResponse:
    """The form; a POST takes the file and shows what it would do. Nothing is changed yet."""
    if request.method != "POST":
        return _answer(request, {})
    file = request.FILES.get("file")
    if file is None:
        return _answer(request, {"error": _("Elige un archivo CSV.")})
    try:
        plan = plan_filled(file.read(MAX_BYTES + 1), asker=asker_of(request.user))
    except WorkloadFormatError as error:
        return _answer(request, {"error": str(error), "filename": file.name})
    return _answer(
        request,
        {
            "filename": PurePath(file.name or "").name[:100],
            "plan": plan,
            "changes": plan.changes[:SHOWN],
            "refused": plan.refused[:SHOWN],
            "accepted": accepted_text(plan),
            "operation": new_operation(),
        },
    )


@require_POST
@requires(Capability.EDIT)
@limited("workload")
def apply_workload(request: HttpRequest) -> HttpResponse:
    """Carry out the plan that was shown, as one operation. Asked twice, it is done once."""
    operation, filename = request.POST.get("operation", ""), request.POST.get("filename", "")[:100]
    try:
        if not KEY.fullmatch(operation):
            raise WorkloadFormatError(_("El plan no se entiende: sube el archivo otra vez."))
        report = apply_filled(
            parse_accepted(request.POST.get("accepted", "")),
            asker=asker_of(request.user),
            actor=actor_of(request),
            operation=operation,
            summary=_("Carga de trabajo: %(name)s") % {"name": filename},
        )
    except (WorkloadFormatError, BatchError) as error:
        return _answer(request, {"error": str(error)})
    return _answer(request, {"report": report, "refused_late": report.refused[:SHOWN]})


@require_POST
@requires(Capability.EDIT)
def undo_workload(request: HttpRequest) -> HttpResponse:
    """Undo what a file changed."""
    try:
        undone = undo(
            request.POST.get("operation", ""),
            asker=asker_of(request.user),
            actor=actor_of(request),
        )
    except BatchError as error:
        return _answer(request, {"error": str(error)})
    return _answer(request, {"undone": undone, "refused_late": undone.refused[:SHOWN]})


def _answer(request: HttpRequest, context: Context) -> HttpResponse:
    """Return the page, or for htmx its part alone."""
    fragment = bool(request.headers.get("HX-Request"))
    return render(request, "data/workload.html" if fragment else "data/workload_page.html", context)
