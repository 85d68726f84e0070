"""Tokens for programs: `Authorization: Bearer …`. Only the SHA-256 is stored."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from crew import audit
from crew.access import NO_TOKENS, refused_by_scope
from crew.events import Event
from crew.models import ApiToken
from crew.rules import SCOPES, Scope
from segmentacion.actors import Actor, Channel
from segmentacion.http.errors import json_error
from segmentacion.templatetags.spanish import day

PREFIX = "seg_"
# How often the time of last use is written, so that reads do not each cost a write.
LAST_USE_GRAIN = timedelta(minutes=1)
MAX_ACTIVE = 50
MAX_NAME = 80
MAX_DAYS = 3650


class InvalidTokenError(Exception):
    """The token opens nothing; the message says why to whoever has it."""


class AlreadyMadeError(Exception):
    """The form that asks for this token was sent before."""


@dataclass(frozen=True)
class NewToken:
    """What a token shall be. `days`: how long it works; None: until it is revoked."""

    name: str = ""
    scope: Scope = Scope.WRITE
    days: int | None = None
    request: str = ""  # the id of the form: sent twice, it makes one token


class BearerTokenMiddleware:
    """Logs a program in by its token, for this request only. A wrong token is a 401, what its
    scope does not cover a 403.

    A request with a token needs no CSRF check: a browser never sends one by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.headers.get("Authorization", "")
        if header[:7].lower() != "bearer ":
            return self.get_response(request)
        given = header[7:].strip()
        if is_monitor(given):  # of no account: only the figures look at this
            request.monitor = True  # type: ignore[attr-defined]
            return self.get_response(request)
        try:
            token, user = find_token(given)
        except InvalidTokenError as error:
            response = json_error(401, str(error))
            response["WWW-Authenticate"] = 'Bearer error="invalid_token"'
            return response
        request.user = user
        request.token = token  # type: ignore[attr-defined]
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        if problem := refused_by_scope(request, token.allowed):
            response = json_error(403, problem)
            if problem != NO_TOKENS:
                response["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
            return response
        return self.get_response(request)


def is_monitor(token: str) -> bool:
    """Tell whether this is METRICS_TOKEN. No database is asked: it may be what is down."""
    known = settings.METRICS_TOKEN.encode()
    return bool(known) and hmac.compare_digest(token.encode(), known)


def create_token(
    username: str, *, name: str = "", scope: Scope = Scope.WRITE, days: int | None = None
) -> str:
    """Create a token for an account and return it: it cannot be read again. Records it.

    Raises ValidationError when there is no such active account or a value is not acceptable.
    """
    actor = Actor("sistema", Channel.COMMAND)
    return issue(username, NewToken(name, scope, days), actor=actor)


def issue(username: str, new: NewToken, *, actor: Actor, place: str = "") -> str:
    """Create a token for an account and return it. Records it, before.

    Raises ValidationError as `create_token`, AlreadyMadeError when `new.request` made one before.
    """
    _check(username, new)
    key = _key_of(username, new.request) if new.request else ObjectId()
    if new.request and ApiToken.objects.filter(pk=key).exists():
        raise AlreadyMadeError
    now = datetime.now(UTC)
    expires_at = now + timedelta(days=new.days) if new.days else None
    token = PREFIX + secrets.token_urlsafe(32)
    until = f"hasta el {day(expires_at)}" if expires_at else "sin caducidad"
    detail = f"{new.name or 'sin nombre'} · {SCOPES[new.scope]} · {until}"
    audit.write(Event.TOKEN_CREATED, actor=actor, about=username, detail=detail, place=place)
    try:
        ApiToken(
            pk=key, digest=digest(token), username=username, name=new.name, scope=new.scope.value,
            created_at=now, expires_at=expires_at,
        ).save(force_insert=True)  # fmt: skip
    except IntegrityError as error:
        raise AlreadyMadeError from error
    return token


def find_token(token: str) -> tuple[ApiToken, User]:
    """Return a token that works, and its account. Notes its use, once a minute at most.

    Raises InvalidTokenError.
    """
    found = ApiToken.objects.filter(digest=digest(token)).first()
    if found is None:
        raise InvalidTokenError("El token no es válido: no existe o está mal copiado.")
    now = datetime.now(UTC)
    if found.revoked_at is not None:
        raise InvalidTokenError(f"El token se revocó el {day(found.revoked_at)}.")
    if found.expires_at is not None and found.expires_at <= now:
        raise InvalidTokenError(f"El token caducó el {day(found.expires_at)}: crea otro.")
    user = User.objects.filter(username=found.username, is_active=True).first()
    if user is None:
        raise InvalidTokenError("La cuenta de este token está cerrada.")
    if found.last_used_at is None or now - found.last_used_at > LAST_USE_GRAIN:
        _note_use(found, now)
    return found, user


def active(username: str | None = None) -> list[ApiToken]:
    """Return the tokens that are not revoked, of one account or of all, newest first."""
    found = ApiToken.objects.filter(revoked_at=None)
    found = found if username is None else found.filter(username=username)
    return list(found.order_by("-created_at"))


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def revoke(digests: list[str], *, actor: Actor | None = None, place: str = "") -> int:
    """Make tokens useless from now on; return how many were in use until now. Records it."""
    tokens = list(ApiToken.objects.filter(digest__in=digests, revoked_at=None))
    who = actor or Actor("sistema", Channel.COMMAND)
    for token in tokens:
        about, detail = token.username, token.name or "sin nombre"
        audit.write(Event.TOKEN_REVOKED, actor=who, about=about, detail=detail, place=place)
    keys = [token.pk for token in tokens]
    return ApiToken.objects.filter(pk__in=keys, revoked_at=None).update(
        revoked_at=datetime.now(UTC)
    )


def _check(username: str, new: NewToken) -> None:
    """Raise ValidationError unless this token may be made."""
    if not User.objects.filter(username=username, is_active=True).exists():
        raise ValidationError(f"No hay una cuenta activa «{username}».")
    if len(new.name) > MAX_NAME or not new.name.isprintable():
        raise ValidationError(f"El nombre del token: un texto de hasta {MAX_NAME} caracteres.")
    if new.days is not None and not 1 <= new.days <= MAX_DAYS:
        raise ValidationError(f"Los días que dura el token: de 1 a {MAX_DAYS:,}.")
    now = datetime.now(UTC)
    working = ApiToken.objects.filter(username=username, revoked_at=None)
    if working.exclude(expires_at__lte=now).count() >= MAX_ACTIVE:
        raise ValidationError(f"La cuenta ya tiene {MAX_ACTIVE} tokens en uso: revoca alguno.")


def _note_use(token: ApiToken, now: datetime) -> None:
    """Write the time of use, unless another request did within the minute."""
    unused = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USE_GRAIN)
    ApiToken.objects.filter(unused, pk=token.pk).update(last_used_at=now)


def _key_of(username: str, request: str) -> Any:
    return ObjectId(hashlib.sha256(f"{username}:{request}".encode()).digest()[:12])
