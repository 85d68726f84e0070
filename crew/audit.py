"""The log of accesses: who came in, who took data out, who may do what since when.

An event is written before what it tells is done (a logout: after), in the main database with
its write concern. When it cannot be written the act fails like any other write: nothing of this
kind happens unseen. Entries remove themselves after `AUDIT_DAYS`.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from crew.events import Event
from crew.models import AUDIT
from segmentacion.actors import Actor, Channel
from segmentacion.http.addresses import address_of, shortened
from segmentacion.mongo.clients import main_collection

MAX_TEXT = 400


def write(
    event: Event, *, actor: Actor, about: str = "", detail: str = "", place: str = ""
) -> None:
    """Write one event. `about`: the account, file or token; `place`: a shortened address."""
    now = datetime.now(UTC)
    main_collection(AUDIT).insert_one(
        {
            "at": now,
            "kind": event.value,
            "who": actor.name,
            "channel": actor.channel.value,
            "about": about[:MAX_TEXT],
            "detail": detail[:MAX_TEXT],
            "place": place,
            "expires_at": now + timedelta(days=settings.AUDIT_DAYS),
        }
    )


def note(
    request: HttpRequest,
    event: Event,
    *,
    about: str = "",
    detail: str = "",
    who: str | None = None,
    channel: Channel = Channel.WEB,
) -> None:
    """Write an event of a request: who asks (or `who`), through what, from where."""
    if getattr(request, "token", None) is not None:
        channel = Channel.API
    name = request.user.get_username() if who is None else who
    place = shortened(address_of(request))
    write(event, actor=Actor(name, channel), about=about, detail=detail, place=place)
