"""`/masks`: what the store holds, how the syncs went, and what could not be placed."""

import pymongo
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from crew.access import may, requires
from crew.rules import Capability
from masks import queries, store
from masks.presenting import batches_of
from segmentacion.mongo.clients import Document
from segmentacion.mongo.errors import is_permission_error, is_unreachable

RECENT_FILES = 50
RECENT_RUNS = 20
# A silent store gets this much of the request's time, so that the rest of the page has its own.
STORE_SECONDS = 2
# How a run ends that read the whole store: only its report tells what could not be placed.
READ_ALL = {"ok", "refused", "dry_run"}


@require_GET
@requires(Capability.READ)
@vary_on_headers("HX-Request")
def masks(request: HttpRequest) -> HttpResponse:
    """Recent files, runs, names without a batch, conflicts, and the sync button."""
    files, store_error = _recent_files()
    runs = queries.recent_runs(RECENT_RUNS)
    last_report = next((queries.report_of(run) for run in runs if run["outcome"] in READ_ALL), {})
    context = {
        "files": files,
        "store_error": store_error,
        "store": queries.store_name(),
        "runs": runs,
        "report": last_report,
        "may_force": may(request.user, Capability.FORCE_SYNC),
    }
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    return render(request, "masks/content.html" if fragment else "masks.html", context)


def _recent_files() -> tuple[list[Document], str]:
    """Return the newest files, or none and why: this page works while the store is down."""
    try:
        with pymongo.timeout(STORE_SECONDS):
            files = store.recent(RECENT_FILES)
    except Exception as error:
        if is_unreachable(error):
            return [], "El almacén de máscaras no responde. Todo lo demás funciona."
        if is_permission_error(error):
            return [], "La cuenta no puede leer el almacén de máscaras."
        raise
    return [{**file, "batches": batches_of(file)} for file in files], ""
