"""Answers that need not be sent again: an ETag, and 304 when the caller has it already."""

import hashlib
import threading
import time
from collections import OrderedDict
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


def answer(
    request: HttpRequest, etag: str, make: Callable[[], HttpResponse], *, keep: bool = False
) -> HttpResponse:
    """Return 304 without making anything when the caller has this ETag, else what is made.

    With `keep` this process remembers what was made, by path and ETag: the same is then not made
    twice. The ETag must hold all that decides the answer, whoever asks.
    """
    same = get_conditional_response(request, etag=etag)
    if isinstance(same, HttpResponse) and same.status_code == 304:
        response = same
    else:
        response = (_kept.get((request.path, etag)) if keep else None) or make()
        if response.status_code == 200:
            if keep:
                _kept.put((request.path, etag), response)
            response["ETag"] = etag
    del response["Cache-Control"]
    patch_cache_control(response, private=True, no_cache=True)
    return response


class _Answers:
    """The last answers made. An entry can be lost, never wrong: its key names what it is of, with
    the data version that was read for this very request."""

    MOST, LARGEST = 64, 256 << 10

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, str], tuple[bytes, str]] = OrderedDict()

    def get(self, key: tuple[str, str]) -> HttpResponse | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
        return HttpResponse(found[0], content_type=found[1]) if found else None

    def put(self, key: tuple[str, str], response: HttpResponse) -> None:
        if response.cookies or len(response.content) > self.LARGEST:
            return
        with self._lock:
            self._found[key] = (response.content, response["Content-Type"])
            self._found.move_to_end(key)
            while len(self._found) > self.MOST:
                self._found.popitem(last=False)


_kept = _Answers()
