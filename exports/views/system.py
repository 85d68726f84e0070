"""`/sistema`: how servers, sync, backups, intake, disks and requests are. `/metrics/prometheus`:
the same as figures for a monitoring system."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crew.access import may_scrape, requires
from crew.rules import Capability
from exports.presenting.prometheus import CONTENT_TYPE, exposition
from exports.presenting.system import as_page
from exports.queries.system import read_system
from segmentacion.http.errors import json_error
from segmentacion.http.sessions import log_out_too_old
from segmentacion.mongo.tallies import counted, hand_on
from segmentacion.telemetry.tally import BOUNDS


@require_GET
@requires(Capability.MONITOR)
def system(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _shown(request, "system.html")


@require_GET
@requires(Capability.MONITOR)
def now(request: HttpRequest) -> HttpResponse:
    """The part of the page that changes, which it asks for every few seconds."""
    return _shown(request, "system/content.html")


@require_GET
@login_not_required
def prometheus(request: HttpRequest) -> HttpResponse:
    """The figures, for METRICS_TOKEN, a token of the scope `prometheus` or an account that may see
    the page; 401 without any.

    With METRICS_TOKEN they are there while the main database is down, too.
    """
    if not getattr(request, "monitor", False):
        if getattr(request, "token", None) is None:
            log_out_too_old(request)
        if not request.user.is_authenticated:
            response = json_error(401, "Las cifras se piden con un token: Authorization: Bearer …")
            response["WWW-Authenticate"] = "Bearer"
            return response
        if not may_scrape(request):
            raise PermissionDenied("Tu cuenta no tiene permiso para hacer esto.")
    found = read_system()
    up = found.work is not None and hand_on()
    text = exposition(found, counted() if up else [], BOUNDS)
    response = HttpResponse(text, content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def _shown(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template, as_page(read_system()))
    response["Cache-Control"] = "no-store"
    return response
