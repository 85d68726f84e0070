"""The admin's door: staff, and whoever manages the crew."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from crew import accounts
from crew.access import may
from crew.rules import Capability


class CrewAdminSite(UnfoldAdminSite):
    """The lead enters without being made staff by hand; what each sees is up to permissions."""

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_permission(request) or may(request.user, Capability.MANAGE_CREW))

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the one login page there is: its limits hold for the admin too."""
        if request.user.is_authenticated:  # logged in, but not for this
            return redirect("dashboard")
        return redirect_to_login(request.GET.get("next") or "/admin/")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Log out, and tell it."""
        name = request.user.get_username() if request.method == "POST" else ""
        response: HttpResponse = super().logout(request, extra_context)
        accounts.tell_logout(request, name)
        return response

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the account's page: there it is limited, told, and other sessions end."""
        return redirect("account")
