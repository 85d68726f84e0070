"""What a login may do: its groups are its roles, its roles carry capabilities."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from crew import queries
from crew.rules import Capability, Role, Scope, capabilities_of
from segmentacion.actors import Actor, Channel

User = AbstractBaseUser | AnonymousUser
View = Callable[..., HttpResponseBase]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ROLES = {role.value: role for role in Role}
# Where a token does not work whatever its scope: it cannot make others, nor change accounts.
ONLY_SESSIONS = ("/cuenta", "/admin/")
# The only addresses that a token of a special scope opens.
SPECIAL = {Scope.PROMETHEUS: ("/metrics/prometheus",)}
NO_TOKENS = "Aquí no sirve un token: entra con tu cuenta en el navegador."


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


def members_for(user: User) -> list[queries.Member]:
    """Return the whole crew as this login may see it: e-mail addresses are for who manages it,
    and one's own."""
    manages = may(user, Capability.MANAGE_CREW)
    return queries.members_seen_by(user.get_username(), contacts=manages)


def refused_by_scope(request: HttpRequest, scope: Scope) -> str:
    """Return why a token of this scope may not ask for this, in Spanish; "" when it may."""
    if request.path.startswith(ONLY_SESSIONS):
        return NO_TOKENS
    if scope in SPECIAL and request.path not in SPECIAL[scope]:
        return f"Este token solo sirve para {', '.join(SPECIAL[scope])}."
    if scope is not Scope.WRITE and request.method not in SAFE:
        return "Este token solo permite leer. Para cambiar algo usa uno de lectura y escritura."
    return ""


def may_scrape(request: HttpRequest) -> bool:
    """Tell whether this request may have the figures for the monitoring: a login that may see how
    the servers are, or a token of such an account, the scope `prometheus` included."""
    return may(request.user, Capability.MONITOR)


def actor_of(request: HttpRequest, channel: Channel = Channel.WEB) -> Actor:
    """Return who is asking. A token makes the channel the API's; a session is a page's, also
    when the page calls the API."""
    if getattr(request, "token", None) is not None:
        channel = Channel.API
    return Actor(request.user.get_username(), channel)


def _roles(user: User) -> frozenset[Role]:
    # The session's account comes with its groups (`crew.backends`); others are asked for.
    names = getattr(user, "role_names", None)
    if names is None:
        names = user.groups.values_list("name", flat=True)  # type: ignore[union-attr]
    return frozenset(ROLES[name] for name in names if name in ROLES)
