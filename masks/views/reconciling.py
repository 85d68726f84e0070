"""`/masks/conciliacion`: the last reconciliation, and a button for a new one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from crew.access import require, requires
from crew.rules import Capability
from masks.presenting.reconciling import reconcile_json
from masks.services.reconciling import last_report, reconcile
from segmentacion.http.throttling import limited


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.READ)
def reconciliation(request: HttpRequest) -> HttpResponse:
    """A POST reconciles and leads back; a GET shows the last report."""
    if request.method == "POST":
        return _reconcile(request)
    last = last_report()
    context = {"report": reconcile_json(last) if last else None}
    return render(request, "masks/reconcile.html", context)


@limited("reconcile")
def _reconcile(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.SYNC)
    report = reconcile()
    messages.success(request, f"Hecho en {report.duration_ms / 1000:.1f} s.")
    return redirect("masks_reconcile")
