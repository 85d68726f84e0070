"""Tokens for programs: `Authorization: Bearer …`. Only the SHA-256 is stored."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from crew.models import ApiToken
from segmentacion.http.errors import json_error

PREFIX = "seg_"
# How often the time of last use is written, so that reads do not each cost a write.
LAST_USE_GRAIN = timedelta(minutes=5)


class BearerTokenMiddleware:
    """Logs a program in by its token, for this request only. A wrong token is a 401.

    A request with a token needs no CSRF check: a browser never sends one by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.headers.get("Authorization", "")
        if header[:7].lower() != "bearer ":
            return self.get_response(request)
        token = find_token(header[7:].strip())
        user = user_of(token) if token else None
        if token is None or user is None:
            response = json_error(401, "El token no es válido o fue revocado.")
            response["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            return response
        request.user = user
        request.token = token  # type: ignore[attr-defined]
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return self.get_response(request)


def create_token(username: str, *, name: str = "") -> str:
    """Create a token for an account and return it: it cannot be read again.

    Raises ValidationError when there is no such active account.
    """
    if not User.objects.filter(username=username, is_active=True).exists():
        raise ValidationError(f"No hay una cuenta activa «{username}».")
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        digest=digest(token), username=username, name=name, created_at=datetime.now(UTC)
    )
    return token


def find_token(token: str) -> ApiToken | None:
    """Return the stored token, or None when unknown or revoked. Notes its use now and then."""
    found = ApiToken.objects.filter(digest=digest(token), revoked_at=None).first()
    now = datetime.now(UTC)
    if found and (found.last_used_at is None or now - found.last_used_at > LAST_USE_GRAIN):
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def user_of(token: ApiToken) -> User | None:
    """Return the active account a token belongs to, or None."""
    return User.objects.filter(username=token.username, is_active=True).first()


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def revoke(digests: list[str]) -> int:
    """Make tokens useless from now on; return how many were in use until now."""
    return ApiToken.objects.filter(digest__in=digests, revoked_at=None).update(
        revoked_at=datetime.now(UTC)
    )
