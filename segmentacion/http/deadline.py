"""Reading a page never waits longer than this for a database, whatever state it is in.

A server that is down is noticed by server selection. One that is frozen, or behind a network
that swallows packets, would hold a worker until the socket's time-out; the deadline ends all
database work of the request, and the person sees the 503 page within five seconds.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pymongo
from django.http import HttpRequest, HttpResponse

READ_SECONDS = 4.0


def without_deadline() -> AbstractContextManager[None]:
    """Lift the deadline for what runs inside, such as opening the cursor of a long export.

    The server applies a deadline that a cursor is opened under to all that it ever reads, also
    after the request: a long export would be cut in the middle. What comes before (session,
    login, permission) has the deadline, so that a database that does not answer is still noticed.
    """
    return pymongo.timeout(None)


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
