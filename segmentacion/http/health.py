"""`/healthz`: this process answers. `/readyz`: the databases do; when the last sync and the last
backup were."""

from typing import Any

import pymongo
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from segmentacion.http.json import json_response
from segmentacion.mongo.clients import main_collection, main_database, store_database
from segmentacion.mongo.errors import is_permission_error, is_unreachable
from segmentacion.mongo.leases import state_of

STORE_SECONDS = 1.5


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer without touching anything else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the site is usable, 503 when not. The store being down is only told:
    everything else works without it."""
    main = _answers(lambda: main_database().command("ping"))
    last_sync = _last_sync() if main else None
    with pymongo.timeout(STORE_SECONDS):  # its own share: the main database has answered
        store = _answers(lambda: store_database().command("ping"))
    last_backup = _last_backup() if main else None
    state = {"database": main, "mask_store": store, "last_sync": last_sync}
    state["last_backup"] = last_backup
    return json_response({"success": main, **state}, status=200 if main else 503)


def _answers(ping: Any) -> bool:
    try:
        ping()
    except Exception as error:
        if is_unreachable(error) or is_permission_error(error):
            return False
        raise
    return True


def _last_sync() -> Any:
    run = main_collection("sync_runs").find_one({"outcome": "ok"}, sort=[("finished_at", -1)])
    looked = (state_of("sync_masks") or {}).get("checked_at")
    times = [moment for moment in (run["finished_at"] if run else None, looked) if moment]
    return max(times, default=None)


def _last_backup() -> Any:
    """Return when the last good backup was made, as the exports app records it."""
    made = main_collection("backups").find_one({"verdict": "good"}, sort=[("created_at", -1)])
    return made["created_at"] if made else None
