"""`/cuenta`: the own account, its password, its sessions elsewhere."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from crew import accounts, audit, logins, queries, tokens
from crew.access import actor_of
from crew.events import Event
from segmentacion.http.addresses import address_of, shortened


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """What this account is, and what can be done about it."""
    return _page(request, PasswordChangeForm(_user(request)))


@sensitive_post_parameters()
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the password: other sessions end, this one goes on; tokens only if asked."""
    form = PasswordChangeForm(_user(request), request.POST)
    try:
        right = _is_right(request, form)
    except logins.TooManyTriesError as error:
        fresh = PasswordChangeForm(_user(request))
        response = _page(request, fresh, error=str(error), status=429)
        response["Retry-After"] = str(error.retry_after)
        return response
    if not right or not form.is_valid():
        return _page(request, form, status=400)
    audit.note(request, Event.PASSWORD_CHANGED, about=request.user.get_username())
    update_session_auth_hash(request, form.save())
    revoked = _revoke_all(request) if request.POST.get("revoke") else 0
    said = _("Contraseña cambiada. Tus otras sesiones se cerraron.")
    messages.success(request, f"{said} {_revoked_text(revoked)}".strip())
    return redirect("account")


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Log this account out everywhere else."""
    audit.note(request, Event.LOGOUT_OTHERS, about=request.user.get_username())
    ended = accounts.end_other_sessions(_user(request), request.session.session_key)
    messages.success(
        request,
        ngettext("Se cerró %(n)d sesión más.", "Se cerraron %(n)d sesiones más.", ended)
        % {"n": ended}
        if ended
        else _("No había otras sesiones abiertas: solo está esta."),
    )
    return redirect("account")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _page(
    request: HttpRequest, form: PasswordChangeForm, *, error: str = "", status: int = 200
) -> HttpResponse:
    name = request.user.get_username()
    context = {
        "form": form,
        "error": error,
        "groups": sorted(_user(request).groups.values_list("name", flat=True)),
        "person": queries.person_of(name),
        "tokens": len(tokens.active(name)),
    }
    return render(request, "account/account.html", context, status=status)


def _is_right(request: HttpRequest, form: PasswordChangeForm) -> bool:
    """Tell whether the present password is right: guessing it is limited like logging in.

    Raises TooManyTriesError.
    """
    if not request.POST.get("old_password"):
        return False
    name = request.user.get_username()
    attempt = logins.begin(name, address_of(request))
    if "old_password" not in form.errors:
        logins.succeed(attempt)
        return True
    event = Event.LOGIN_PAUSED if attempt.pause else Event.LOGIN_FAILED
    audit.note(request, event, about=name, detail=_("al cambiar su contraseña"))
    return False


def _revoke_all(request: HttpRequest) -> int:
    found = [token.digest for token in tokens.active(request.user.get_username())]
    return tokens.revoke(found, actor=actor_of(request), place=shortened(address_of(request)))


def _revoked_text(count: int) -> str:
    if not count:
        return ""
    text = ngettext("Se revocó %(n)d token.", "Se revocaron %(n)d tokens.", count)
    return text % {"n": count}
