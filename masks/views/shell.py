"""What every page shows around its content: navigation and the sync state."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET

from crew.access import may, requires
from crew.rules import Capability
from masks import queries


@require_GET
@requires(Capability.READ)
def sync_chip(request: HttpRequest) -> HttpResponse:
    """The sync state of the shell, alone: asked for again after a sync and now and then."""
    return render(request, "components/sync_state.html", {"sync": queries.sync_state()})


def shell_context(request: HttpRequest) -> dict[str, Any]:
    """What every page shows around its content: navigation and the sync state, which is read only
    by what shows it (a fragment does not)."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    if request.path.startswith("/admin/"):
        return {}
    return {
        "sync": SimpleLazyObject(queries.sync_state),
        "may_admin": may(request.user, Capability.MANAGE_CREW),
        "may_work": may(request.user, Capability.WORK),
        "may_intake": may(request.user, Capability.INTAKE),
        "may_back_up": may(request.user, Capability.BACKUP),
        "may_monitor": may(request.user, Capability.MONITOR),
    }
