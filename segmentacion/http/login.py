"""Everything needs a login, except what says otherwise (`login_not_required`)."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponseBase

from segmentacion.http.errors import json_error, wants_json


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Sends people to the login page, and answers programs with a 401 in JSON."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Ask who it is only where that matters: `/healthz` answers without any database."""
        if not getattr(view_func, "login_required", True):
            return None
        answer: HttpResponseBase | None = super().process_view(
            request, view_func, view_args, view_kwargs
        )
        return answer

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        if wants_json(request):
            response = json_error(401, "Inicia sesión o usa un token para continuar.")
            response["WWW-Authenticate"] = "Bearer"
            return response
        if request.headers.get("HX-Request"):  # a fragment: the whole page goes to the login
            response = json_error(401, "Tu sesión terminó.")
            response["HX-Redirect"] = self.get_login_url(view_func)
            return response
        return super().handle_no_permission(request, view_func)
