"""How often somebody may ask for something dear, counted in MongoDB for all processes together.

Windows are fixed (a minute, an hour) and cut by the server's clock, so that hosts whose clocks
differ count alike. Each group and asker has one document, which removes itself when unused.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from segmentacion.env import Rate
from segmentacion.http.errors import too_many
from segmentacion.mongo.clients import main_collection

COLLECTION = "rate_limits"
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class TooManyRequests(Exception):
    """The limit is reached; `retry_after` is in how many whole seconds it begins anew."""

    def __init__(self, retry_after: int) -> None:
        noun = "segundo" if retry_after == 1 else "segundos"
        super().__init__(
            f"Demasiadas peticiones seguidas. Intenta de nuevo en {retry_after:,} {noun}."
        )
        self.retry_after = retry_after


class TooManyRequestsMiddleware:
    """Makes a limit that a page reaches an answer, 429 with Retry-After, as the API's is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooManyRequests):
            return None
        return too_many(request, str(error), error.retry_after)


def limited(group: str, setting: str = "HEAVY_LIMIT") -> Callable[[View], View]:
    """Make a view count what each account asks of it. Beyond the setting it is a 429."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check_rate(group, request.user.get_username(), getattr(settings, setting))
            return view(request, *args, **kwargs)

        return counted  # type: ignore[return-value]

    return decorate


def check_rate(group: str, who: str, rate: Rate | None) -> None:
    """Count one request of `who` in this group. Raises TooManyRequests beyond the rate.

    Writes one document. Two first requests at once may both insert: the second then counts.
    """
    if rate is None:
        return
    try:
        counted = _count(f"{group}:{who}", rate)
    except DuplicateKeyError:
        counted = _count(f"{group}:{who}", rate)
    if counted["count"] > rate.times:
        left = (counted["expires_at"] - counted["at"]).total_seconds()
        raise TooManyRequests(max(1, -int(-left // 1)))


def _count(key: str, rate: Rate) -> dict[str, Any]:
    """Add one to the window of now, or begin it, in one atomic update; return the document."""
    length = rate.seconds * 1000
    since = {"$subtract": ["$$NOW", {"$mod": [{"$toLong": "$$NOW"}, length]}]}
    same = {"$eq": ["$window", "$_now"]}
    counted: Any = main_collection(COLLECTION).find_one_and_update(
        {"_id": key},
        [
            {"$set": {"_now": since}},
            {"$set": {"count": {"$cond": [same, {"$add": ["$count", 1]}, 1]}}},
            {"$set": {"window": "$_now", "at": "$$NOW", "expires_at": {"$add": ["$_now", length]}}},
            {"$unset": "_now"},
        ],
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return dict(counted)
