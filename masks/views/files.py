"""`/masks`: the files of the store, how the syncs went, and what could not be placed."""

from typing import Any

import pymongo
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from crew.access import may, requires
from crew.rules import Capability
from masks import queries, store
from masks.views.listing import filter_choices, list_context
from segmentacion.mongo.errors import is_permission_error, is_unreachable

RECENT_RUNS = 20
# A silent store gets this much of the request's time: the list itself does not need it.
STORE_SECONDS = 1
# How a run ends that read the whole store: only its report tells what could not be placed.
READ_ALL = {"ok", "refused", "dry_run"}
LIST = "files"


@require_GET
@requires(Capability.READ)
@vary_on_headers("HX-Request", "HX-Target")
def masks(request: HttpRequest) -> HttpResponse:
    """The page; htmx asks for the list alone, or for the runs and what could not be placed."""
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    if fragment and request.headers.get("HX-Target") == LIST:
        context, status = list_context(request)
        return render(request, "masks/list.html", context, status=status)
    if fragment:
        return render(request, "masks/content.html", _runs())
    context, status = list_context(request)
    context |= _runs() | filter_choices()
    context |= {
        "store": queries.store_name(),
        "store_error": _store_error(),
        "in_line": queries.last_good_run(),
        "may_force": may(request.user, Capability.FORCE_SYNC),
    }
    return render(request, "masks.html", context, status=status)


def _runs() -> dict[str, Any]:
    """Return the newest runs and the report of the last that read the store."""
    runs = queries.recent_runs(RECENT_RUNS)
    report = next((queries.report_of(run) for run in runs if run["outcome"] in READ_ALL), {})
    return {"runs": runs, "report": report}


def _store_error() -> str:
    """Return why the store does not answer, or ""."""
    try:
        with pymongo.timeout(STORE_SECONDS):
            store.count()
    except Exception as error:
        if is_unreachable(error):
            return "El almacén de máscaras no responde. Todo lo demás funciona."
        if is_permission_error(error):
            return "La cuenta no puede leer el almacén de máscaras."
        raise
    return ""
