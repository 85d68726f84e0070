"""JSON answers: orjson, times as ISO 8601 UTC with milliseconds and `Z`."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
from django.http import HttpResponse


def dumps(value: Any) -> bytes:
    """Encode a value; aware and naive times as UTC, anything unknown to JSON as text."""
    return orjson.dumps(value, default=_encode, option=orjson.OPT_PASSTHROUGH_DATETIME)


def json_response(value: Any, status: int = 200) -> HttpResponse:
    """Return a JSON answer that no cache keeps."""
    response = HttpResponse(dumps(value), status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def iso_utc(moment: datetime) -> str:
    """Return `2025-10-15T01:28:43.196Z`; a naive time is taken as UTC."""
    if moment.tzinfo is not UTC:
        known = moment.tzinfo is not None
        moment = moment.astimezone(UTC) if known else moment.replace(tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_utc(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
