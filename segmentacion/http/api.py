"""The JSON API: one NinjaAPI, to which each app adds its router (in segmentacion.urls)."""

from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from segmentacion.http.errors import json_error
from segmentacion.http.json import dumps
from segmentacion.http.throttling import TooManyRequests


class Renderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return dumps(data)


class StrictParser(Parser):
    """Reads bodies as the standard has JSON: halves of characters, which MongoDB cannot store, NaN
    and endless nesting are a 400. Python's own parser lets them through."""

    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


class SessionOrToken(AuthBase):
    """The login of the page (then the CSRF token is checked) or a program's bearer token."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            return None
        changes = request.method not in {"GET", "HEAD", "OPTIONS"}
        if changes and getattr(request, "token", None) is None and check_csrf(request) is not None:
            raise PermissionDenied(
                "La página estuvo abierta demasiado tiempo. Recárgala e intenta de nuevo."
            )
        return request.user


def build_api() -> NinjaAPI:
    """Return the API with its errors in Spanish; routers are added by the caller."""
    api = NinjaAPI(
        title="Segmentación",
        version="1",
        description="Batches, equipo y máscaras. Las rutas y sus campos son estables.",
        auth=SessionOrToken(),
        renderer=Renderer(),
        parser=StrictParser(),
        docs_url="/api/docs",
        openapi_url="/api/openapi.json",
        urls_namespace="api",
    )
    api.add_exception_handler(PermissionDenied, _forbidden)
    api.add_exception_handler(Http404, _not_found)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(TooManyRequests, _too_many)
    return api


def _forbidden(
    request: HttpRequest, error: PermissionDenied | type[PermissionDenied]
) -> HttpResponse:
    return json_error(403, str(error) or "No tienes permiso para hacer esto.")


def _not_found(request: HttpRequest, error: Http404 | type[Http404]) -> HttpResponse:
    return json_error(404, str(error) or "No existe.")


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return json_error(error.status_code, MESSAGES.get(error.status_code, str(error)))


def _too_many(request: HttpRequest, error: Any) -> HttpResponse:
    response = json_error(429, str(error))
    response["Retry-After"] = str(error.retry_after)
    return response


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    problems = []
    for item in error.errors:
        place = ".".join(str(part) for part in item["loc"] if part not in {"body", "payload"})
        problems.append(f"{place or 'cuerpo'}: {REASONS.get(item['type'], 'valor no válido')}")
    return json_error(400, "La petición no es válida: " + "; ".join(problems))


MESSAGES = {
    400: "El cuerpo de la petición no es JSON válido.",
    401: "Inicia sesión o usa un token para continuar.",
    405: "Ese método no se puede usar aquí.",
}
REASONS = {
    "missing": "falta",
    "string_type": "debe ser un texto",
    "int_parsing": "debe ser un número entero",
    "int_type": "debe ser un número entero",
    "bool_parsing": "debe ser true o false",
    "bool_type": "debe ser true o false",
    "extra_forbidden": "no se conoce",
    "less_than_equal": "es demasiado grande",
    "greater_than_equal": "es demasiado pequeño",
    "model_attributes_type": "debe ser un objeto",
}
