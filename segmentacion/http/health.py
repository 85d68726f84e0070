"""`/healthz`: this process answers. `/readyz`: the databases do; when the last sync and the last
backup were."""

from datetime import UTC, datetime
from typing import Any

import pymongo
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from segmentacion.http.json import json_response
from segmentacion.mongo.clients import main_collection, main_database, store_database
from segmentacion.mongo.errors import is_permission_error, is_unreachable
from segmentacion.mongo.leases import is_held, state_of

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
    last_backup, backup_failed = _last_backup() if main else (None, None)
    state = {"database": main, "mask_store": store, "last_sync": last_sync}
    state |= {"last_backup": last_backup, "last_backup_failed": backup_failed}
    state |= {
        "last_sync_age_seconds": _age(last_sync),
        "last_backup_age_seconds": _age(last_backup),
        "watcher": is_held("watch_masks") if main else None,
    }
    return json_response({"success": main, **state}, status=200 if main else 503)


def _age(moment: datetime | None) -> int | None:
    return int((datetime.now(UTC) - moment).total_seconds()) if moment else None


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


def _last_backup() -> tuple[Any, bool]:
    """Return when the last good backup was made, as the exports app records it, and whether the
    newest one failed."""
    order = [("created_at", -1)]
    made = main_collection("backups").find_one({"verdict": "good"}, sort=order)
    newest = main_collection("backups").find_one({"verdict": {"$ne": "removed"}}, sort=order)
    failed = bool(newest and newest["verdict"] == "failed")
    return (made["created_at"] if made else None), failed
