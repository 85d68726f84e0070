"""Requests that do nothing twice: the decorator for endpoints that write.

The caller sends a key of its own, as header `Idempotency-Key` or as `operation` in the body. It is
also the id of the operation that the request becomes, by which it is undone.
"""

import hashlib
import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from segmentacion.http.errors import json_error
from segmentacion.mongo.requests import (
    Answer,
    Hold,
    KeyInUseError,
    Request,
    StillRunningError,
    claim,
)

KEY = re.compile(r"[A-Za-z0-9._~-]{8,64}")
PATIENCE_SECONDS = 20.0
View = Callable[..., HttpResponse]


class InvalidKeyError(Exception):
    """The key cannot be one; the message says what it must be."""


def once(view: View) -> View:
    """Make an endpoint answer a repeated request with what it answered first.

    A refused request (4xx) leaves its key free. One that was killed is taken up again:
    `is_resumed` then tells the view so.
    """

    @wraps(view)
    def served_once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        payload = kwargs.get("payload")
        try:
            key = operation_of(request, payload)
            if key is None or getattr(payload, "dry_run", False):
                return view(request, *args, **kwargs)
            held = _wait(_identity(request, key))
        except InvalidKeyError as error:
            return json_error(400, str(error))
        except (KeyInUseError, StillRunningError) as error:
            return json_error(409, str(error))
        if isinstance(held, Answer):
            return _again(held)
        request.resumed = held.resumed  # type: ignore[attr-defined]
        return _serve(held, lambda: view(request, *args, **kwargs))

    return served_once


def operation_of(request: HttpRequest, payload: Any = None) -> str | None:
    """Return the key a request carries, or None. Raises InvalidKeyError."""
    header = request.headers.get("Idempotency-Key")
    named = getattr(payload, "operation", None)
    if header is not None and named is not None and header != named:
        raise InvalidKeyError("Idempotency-Key y «operation» deben decir lo mismo.")
    name, key = ("operation", named) if header is None else ("Idempotency-Key", header)
    if key is not None and not KEY.fullmatch(key):
        raise InvalidKeyError(f"{name}: de 8 a 64 letras sin acento, dígitos o . _ ~ -")
    return key


def is_resumed(request: HttpRequest) -> bool:
    """Tell whether this request was begun before, and cut off."""
    return bool(getattr(request, "resumed", False))


def _identity(request: HttpRequest, key: str) -> Request:
    content = hashlib.sha256(request.body)
    for part in (request.get_full_path(), request.headers.get("If-Match", "")):
        content.update(b"\0" + part.encode())
    match = request.resolver_match
    what = f"{request.method} {match.route if match else request.path}"
    return Request(key, request.user.get_username(), what, content.hexdigest())


def _wait(asked: Request) -> Hold | Answer:
    """Return the hold, or the answer once the first request has it."""
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.02
    while (found := claim(asked)) is None:
        if time.monotonic() > deadline:
            raise StillRunningError
        time.sleep(pause)
        pause = min(2 * pause, 0.3)
    return found


def _serve(held: Hold, view: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        with held.renewed():
            response = view()
    except PermissionDenied:
        held.forget()
        raise
    except BaseException:
        held.release()
        raise
    if response.status_code < 400:
        held.keep(Answer(response.status_code, response.content))
    elif response.status_code < 500:
        held.forget()
    else:
        held.release()
    return response


def _again(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response
