"""`/cuenta/tokens`: the keys of programs; made and seen once, listed, revoked."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crew import tokens
from crew.access import actor_of, may
from crew.forms import TokenForm
from crew.models import ApiToken
from crew.rules import Capability
from segmentacion.actors import new_operation
from segmentacion.http.addresses import address_of, shortened
from segmentacion.http.throttling import limited

MAY_SEE_ALL = Capability.MANAGE_CREW
Context = dict[str, Any]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_page(request: HttpRequest) -> HttpResponse:
    """The list and the form; a POST makes a token and shows it this once."""
    if request.method == "POST":
        return _create(request)
    return _page(request, _form(request))


@require_POST
def revoke(request: HttpRequest, digest: str) -> HttpResponse:
    """Make a token useless: one's own, or for who manages the team anybody's."""
    token = ApiToken.objects.filter(digest=digest, revoked_at=None).first()
    own = token is not None and token.username == request.user.get_username()
    if token is None or not (own or may(request.user, MAY_SEE_ALL)):
        raise Http404
    place = shortened(address_of(request))
    tokens.revoke([token.digest], actor=actor_of(request), place=place)
    name = token.name or _("sin nombre")
    messages.success(request, _("El token «%(name)s» ya no sirve.") % {"name": name})
    return redirect("tokens")


@limited("token")
def _create(request: HttpRequest) -> HttpResponse:
    form = _form(request, request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        made = tokens.issue(
            request.user.get_username(),
            form.wanted(),
            actor=actor_of(request),
            place=shortened(address_of(request)),
        )
    except tokens.AlreadyMadeError:
        messages.warning(request, _("Ese token ya se creó y no se puede volver a mostrar."))
        return redirect("tokens")
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, form, status=400)
    return _page(request, _form(request), made=made, made_name=form.cleaned_data["name"])


def _form(request: HttpRequest, posted: Any = None) -> TokenForm:
    return TokenForm(posted, monitors=may(request.user, Capability.MONITOR))


def _page(request: HttpRequest, form: TokenForm, *, status: int = 200, **more: Any) -> HttpResponse:
    name = request.user.get_username()
    all_of_them = may(request.user, MAY_SEE_ALL)
    found = tokens.active(None if all_of_them else name)
    context = {
        "form": form,
        "operation": new_operation(),
        "own": [token for token in found if token.username == name],
        "others": [token for token in found if token.username != name],
        "sees_all": all_of_them,
        **more,
    }
    return render(request, "account/tokens.html", context, status=status)
