"""`/team`: people, what each holds, and how that compares."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crew.access import may, members_for, requires
from crew.rules import Capability


@require_GET
@requires(Capability.READ)
def team(request: HttpRequest) -> HttpResponse:
    """People, what each holds, and how that compares."""
    members = members_for(request.user)
    context = {
        "members": members,
        "active_count": sum(member.active for member in members),
        "assigned_count": sum(member.load.total for member in members),
        "heaviest": max((member.load.total for member in members), default=0),
        "shows_emails": any(member.email for member in members),
        "may_manage": may(request.user, Capability.MANAGE_CREW),
    }
    return render(request, "team.html", context)
