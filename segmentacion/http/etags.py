"""Answers that need not be sent again: an ETag, and 304 when the caller has it already."""

import hashlib
import time
from collections.abc import Callable, Sequence

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control

from segmentacion.mongo import versions
from segmentacion.turns import Turns

# Other programs write to the database too, unseen: an answer is compared anew after this long.
MAX_AGE_SECONDS = 30
MAX_KEPT_BYTES = 256 * 1024
TURN_SECONDS = 1.0
_turns = Turns()


def etag_of(*parts: object, ages: bool = True) -> str:
    """Return the ETag of what these parts decide; with `ages`, for half a minute at most."""
    stretch = _stretch() if ages else 0
    text = "\0".join([*(str(part) for part in parts), str(stretch)])
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _stretch() -> int:
    return int(time.time() // MAX_AGE_SECONDS)


def answer(
    request: HttpRequest,
    etag: str,
    make: Callable[[], HttpResponse],
    *,
    writes: Sequence[object] = (),
) -> HttpResponse:
    """Return 304 without making anything when the caller has this ETag, else what is made.

    With `writes` (the server's own count of writes to what is shown: `versions.writes_seen`) what
    is made is kept in this process for whoever asks for the same until somebody writes. It must
    not depend on who asks. Without, it is made for each.
    """
    same = get_conditional_response(request, etag=etag)
    if isinstance(same, HttpResponse) and same.status_code == 304:
        response = same
    else:
        response = _kept(request.path, etag, writes, make) if writes else make()
        if response.status_code == 200:
            response["ETag"] = etag
    del response["Cache-Control"]
    patch_cache_control(response, private=True, no_cache=True)
    return response


def shared(
    request: HttpRequest, make: Callable[[], HttpResponse], *decide: object, collection: str
) -> HttpResponse:
    """Answer a query of a collection with what is made once for all who ask the same today, until
    somebody writes to it. `decide`: what else decides the answer, data versions first of all."""
    etag = etag_of(*decide, timezone.localdate(), request.GET.urlencode())
    return answer(request, etag, make, writes=versions.writes_seen(collection))


def _kept(
    path: str, etag: str, writes: Sequence[object], make: Callable[[], HttpResponse]
) -> HttpResponse:
    key = etag_of(path, etag, writes, ages=False)
    if (found := cache.get(key)) is not None:
        return _again(*found)
    # When a batch changes, every open page asks for the same at once: one thread makes it.
    with _turns.of(key, seconds=TURN_SECONDS):
        if (found := cache.get(key)) is not None:
            return _again(*found)
        response = make()
        if response.status_code == 200 and len(response.content) <= MAX_KEPT_BYTES:
            cache.set(key, (response.content, response["Content-Type"]), MAX_AGE_SECONDS)
        return response


def _again(content: bytes, content_type: str) -> HttpResponse:
    return HttpResponse(content, content_type=content_type)
