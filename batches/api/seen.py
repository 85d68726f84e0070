"""The version of a batch that the caller saw."""

from typing import Any

from django.http import HttpRequest

from batches.rules.changes import InvalidChangeError


def version_of(request: HttpRequest, given: Any) -> int | None:
    """Return it from the body or the query, else from an If-Match header; None: not said.

    Raises InvalidChangeError.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if given is not None:
        raise InvalidChangeError("version: debe ser un número entero")
    tag = request.headers.get("If-Match", "").strip(' "')
    if not tag or tag == "*":
        return None
    if not (tag.isascii() and tag.isdigit() and len(tag) < 10):
        raise InvalidChangeError("If-Match: debe ser la versión que viste, entre comillas")
    return int(tag)
