"""Every request has an id, a line in the log, and a place in the counts.

The id comes with the request (`X-Request-ID`) or is made here; the answer carries it. The line
names the pattern of the address, not the address: that may hold a person's name or a secret.
"""

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from segmentacion.telemetry import facts as tracing
from segmentacion.telemetry.facts import Facts, route_of
from segmentacion.telemetry.logs import REQUESTS
from segmentacion.telemetry.tally import METHODS, TALLY

logger = logging.getLogger(REQUESTS)

HEADER = "X-Request-ID"
# Parts of an address that name a thing of the product, never a person.
TARGETS = ("batch_id", "operation", "file_id", "key")
TARGET = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
SERVER_ERROR = 500


class RequestTracingMiddleware:
    """Gives a request its id; counts and logs it once its answer has been sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reading = request.method in {"GET", "HEAD"}
        facts = tracing.begin(request.META.get("HTTP_X_REQUEST_ID"), reading=reading)
        response = self.get_response(request)
        response[HEADER] = facts.request_id
        if response.streaming:  # most of its work is still to come
            response._resource_closers.append(  # type: ignore[attr-defined]
                lambda: _finish(request, response, facts)
            )
        else:
            _finish(request, response, facts)
        return response


def _finish(request: HttpRequest, response: HttpResponse, facts: Facts) -> None:
    """Count the request, keep it as a sample when it was slow or failed, and log it."""
    seconds = time.perf_counter() - facts.started
    method = request.method if request.method in METHODS else "OTHER"
    route = route_of(request)
    TALLY.add_request((route, str(method), response.status_code), seconds, facts.commands)
    fields: dict[str, Any] = {
        "method": method,
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "db": facts.commands,
        "db_ms": round(facts.command_micros / 1000, 1),
        "user": _account(request),
        "target": _target(request),
        "error": facts.error,
    }
    fields = {name: value for name, value in fields.items() if value is not None}
    _keep(fields, facts, seconds)
    _log(f"{method} {route} {response.status_code}", fields)
    tracing.end()


def _log(message: str, fields: dict[str, Any]) -> None:
    """Log, without looking up which line of code does it: that costs as much as the rest."""
    if logger.isEnabledFor(logging.INFO):
        extra = {"fields": fields}
        record = logger.makeRecord(REQUESTS, logging.INFO, "", 0, message, (), None, extra=extra)
        logger.handle(record)


def _keep(fields: dict[str, Any], facts: Facts, seconds: float) -> None:
    failed = fields["status"] >= SERVER_ERROR
    slow = seconds * 1000 >= settings.SLOW_REQUEST_MS
    if not (failed or slow):
        return
    sample = {"at": datetime.now(UTC), "request": facts.request_id, **fields}
    if failed:
        TALLY.add_failed(sample)
    if slow:
        TALLY.add_slow(sample)


def _account(request: HttpRequest) -> str | None:
    """Return the account's name, if the request already knows it: asking would cost a read.

    A name that is an e-mail address is replaced by the account's id.
    """
    known = request.__dict__
    user: Any = known.get("_cached_user")
    if user is None and not isinstance(known.get("user"), SimpleLazyObject):
        user = known.get("user")
    if user is None or not user.is_authenticated:
        return None
    name = str(user.get_username())
    return f"id:{user.pk}" if "@" in name else name


def _target(request: HttpRequest) -> str | None:
    match = request.resolver_match
    for name in TARGETS if match is not None else ():
        value = match.kwargs.get(name) if match is not None else None
        if isinstance(value, str) and TARGET.fullmatch(value):
            return value
    return None
