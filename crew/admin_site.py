"""The admin's door: staff, and whoever manages the crew."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from crew.access import may
from crew.rules import Capability


class CrewAdminSite(UnfoldAdminSite):
    """The lead enters without being made staff by hand; what each sees is up to permissions."""

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_permission(request) or may(request.user, Capability.MANAGE_CREW))
