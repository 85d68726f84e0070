"""Reading a page never waits longer than this for a database, whatever state it is in.

A server that is down is noticed by server selection. One that is frozen, or behind a network
that swallows packets, would hold a worker until the socket's time-out; the deadline ends all
database work of the request, and the person sees the 503 page within five seconds.
"""

from collections.abc import Callable

import pymongo
from django.http import HttpRequest, HttpResponse

READ_SECONDS = 4.0


class ReadDeadlineMiddleware:
    """Gives GET and HEAD requests a deadline for all their database work together.

    Writes have none: what has begun is carried out, bounded by the clients' own time-outs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with pymongo.timeout(READ_SECONDS):
            return self.get_response(request)
