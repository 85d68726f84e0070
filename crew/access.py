"""What a login may do: its groups are its roles, its roles carry capabilities."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from crew.rules import Capability, Role, capabilities_of
from segmentacion.actors import Actor, Channel

User = AbstractBaseUser | AnonymousUser
View = Callable[..., HttpResponseBase]


def ensure_groups() -> None:
    """Create the group of each role; those that exist are left as they are."""
    for role in Role:
        Group.objects.get_or_create(name=role.value)


def capabilities(user: User) -> frozenset[Capability]:
    """Return what this login may do. One query per request, kept on the user object."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    kept: frozenset[Capability] | None = getattr(user, "_capabilities", None)
    if kept is None:
        kept = capabilities_of(_roles(user), superuser=getattr(user, "is_superuser", False))
        user._capabilities = kept  # type: ignore[attr-defined, union-attr]
    return kept


def may(user: User, capability: Capability) -> bool:
    """Tell whether this login may do this."""
    return capability in capabilities(user)


def require(user: User, capability: Capability) -> None:
    """Raise PermissionDenied (403) unless this login may do this."""
    if not may(user, capability):
        raise PermissionDenied("Tu cuenta no tiene permiso para hacer esto.")


def requires(capability: Capability) -> Callable[[View], View]:
    """Make a view answer 403 unless the login may do this."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require(request.user, capability)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def actor_of(request: HttpRequest, channel: Channel = Channel.WEB) -> Actor:
    """Return who is asking. A token makes the channel the API's; a session is a page's, also
    when the page calls the API."""
    if getattr(request, "token", None) is not None:
        channel = Channel.API
    return Actor(request.user.get_username(), channel)


def _roles(user: User) -> set[Role]:
    known = {role.value for role in Role}
    names = user.groups.values_list("name", flat=True)  # type: ignore[union-attr]
    return {Role(name) for name in names if name in known}
