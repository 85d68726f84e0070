"""Sessions end by themselves: after a time without use, and after a time in any case.

Both times are in the session (`since`, `seen`). Noting the use costs a write, so it is noted now
and then; what pages ask for by themselves is no use.
"""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse

GRAIN_SECONDS = 300
BY_THEMSELVES = (
    "/dashboard/version",
    "/batch-management/version",
    "/intake/version",
    "/masks/sync-state",
    "/sistema/ahora",
    "/metrics/prometheus",
)


class SessionAgeMiddleware:
    """Logs out who was away too long. A session of before this rule begins to count when seen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> None:
        """Look at the session, where a login is needed: `/healthz` asks no database."""
        if not getattr(view, "login_required", True) or getattr(request, "token", None):
            return
        log_out_too_old(request)


def log_out_too_old(request: HttpRequest) -> None:
    """Log out who was away too long; for views, too, that need no login and yet look who asks."""
    if SESSION_KEY in request.session:
        _look_at(request)


def _look_at(request: HttpRequest) -> None:
    session, now = request.session, time.time()
    since, seen = session.get("since", now), session.get("seen", now)
    idle, longest = settings.SESSION_IDLE_HOURS * 3600, settings.SESSION_MAX_DAYS * 86_400
    if now - seen > idle or now - since > longest:
        logout(request)
    elif "since" not in session or (
        now - seen > min(GRAIN_SECONDS, idle / 10) and request.path not in BY_THEMSELVES
    ):
        session["since"], session["seen"] = since, now
