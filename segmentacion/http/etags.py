"""Answers that need not be sent again: an ETag, and 304 when the caller has it already."""

import hashlib
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control

# Other programs write to the database too, unseen: an answer is compared anew after this long.
MAX_AGE_SECONDS = 30


def etag_of(*parts: object, ages: bool = True) -> str:
    """Return the ETag of what these parts decide; with `ages`, for half a minute at most."""
    stretch = int(time.time() // MAX_AGE_SECONDS) if ages else 0
    text = "\0".join([*(str(part) for part in parts), str(stretch)])
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def answer(request: HttpRequest, etag: str, make: Callable[[], HttpResponse]) -> HttpResponse:
    """Return 304 without making anything when the caller has this ETag, else what is made."""
    same = get_conditional_response(request, etag=etag)
    if isinstance(same, HttpResponse) and same.status_code == 304:
        response = same
    else:
        response = make()
        if response.status_code == 200:
            response["ETag"] = etag
    del response["Cache-Control"]
    patch_cache_control(response, private=True, no_cache=True)
    return response
