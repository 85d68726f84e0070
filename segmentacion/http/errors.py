"""Errors as people and programs see them: Spanish, the right status, never a stack trace."""

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from segmentacion.disks import is_disk_full
from segmentacion.http.json import json_response
from segmentacion.mongo.errors import database_cause, is_permission_error, is_unreachable
from segmentacion.telemetry.facts import note_error, request_id

logger = logging.getLogger("segmentacion.http")

DATABASE_DOWN = "DB no disponible"
DISK_FULL = (
    "No queda espacio en el disco del servidor. Nada se perdió; avisa a quien lo administra."
)
NOT_ALLOWED = "No tienes permiso para hacer esto."
# Addresses outside `/api/` that answer JSON.
PROGRAMS_ASK = {
    "/readyz",
    "/processing_status",
    "/process_auto",
    "/process_final",
    "/force_archive_image",
}


def json_error(status: int, message: str, **extra: Any) -> HttpResponse:
    """Return the error shape of the API."""
    return json_response({"success": False, "error": message, **extra}, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Tell whether a program is asking: an API path, or a client that prefers JSON."""
    if request.path in PROGRAMS_ASK:
        return True
    if request.path.startswith("/api/") and request.path != "/api/docs":
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, SessionInterrupted):  # also said when the session was not written
        cause = exception.__context__.__context__ if exception.__context__ else None
        if is_unreachable(cause):
            return answer_exception(request, cause)
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20
        return _answer(request, 413, f"La petición es demasiado grande: {most:.1f} MB como máximo.")
    return _answer(request, 400, "La petición no es válida.")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403, with a way out: an account that may nothing could not log out elsewhere."""
    return _answer(request, 403, str(exception) or NOT_ALLOWED, csrf_token=get_token(request))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404, "Esa página no existe.")


def too_many(request: HttpRequest, message: str, retry_after: int) -> HttpResponse:
    """Answer 429, and when to ask again."""
    response = _answer(request, 429, message)
    response["Retry-After"] = str(retry_after)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(
        request, 403, "La página estuvo abierta demasiado tiempo. Recárgala e intenta de nuevo."
    )


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception: 503 when a database or a full disk is behind it, else 500.

    Django logged it.
    """
    return answer_exception(request, sys.exc_info()[1])


def answer_exception(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Return what the person should see of an exception nobody handled."""
    note_error(database_cause(error) or error)
    if is_unreachable(error):
        logger.error("Database unreachable: %s", database_cause(error))
        response = _answer(request, 503, DATABASE_DOWN)
        response["Retry-After"] = "5"
        return response
    if is_permission_error(error):
        return _answer(request, 503, "La base de datos no permite esta operación.")
    if is_disk_full(error):
        return _answer(request, 503, DISK_FULL)
    return _answer(request, 500, "Algo falló de nuestro lado. Nada se perdió; intenta de nuevo.")


class MethodNotAllowedMiddleware:
    """Gives answers to a wrong method (405) the form of all other errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        answer = _answer(request, 405, "Ese método no se puede usar aquí.")
        answer["Allow"] = response.headers.get("Allow", "")
        return answer


def _answer(request: HttpRequest, status: int, message: str, **more: str) -> HttpResponse:
    """Render an error without touching the database: it may be what failed."""
    if wants_json(request):
        return json_error(status, message)
    shown = {"status": status, "message": message, "request_id": request_id(), **more}
    page = render_to_string("error.html", shown)
    return HttpResponse(page, status=status)
