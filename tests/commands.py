"""The commands that a test's own process sends to MongoDB, as the driver tells them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections
from pymongo import monitoring

from segmentacion.mongo.clients import close_clients

CERTAIN = {"w": "majority", "j": True}
SAFE = "w=majority&journal=true"
WRITES = {"insert", "update", "delete", "findAndModify"}


@dataclass(frozen=True)
class Sent:
    """A command: its name, the collection it is about, and all of it."""

    name: str
    collection: str
    command: dict[str, Any]

    @property
    def concern(self) -> dict[str, Any]:
        """Return the write concern it carries; none is the server's own."""
        return dict(self.command.get("writeConcern", {}))


class Commands(monitoring.CommandListener):
    """Keeps the commands, in the order in which they are sent."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def started(self, event: Any) -> None:
        about = event.command.get("collection") or event.command.get(event.command_name)
        self.sent.append(Sent(event.command_name, str(about), dict(event.command)))

    def writes(self, *collections: str) -> list[Sent]:
        """Return the writes (to these collections), in order."""
        return [
            sent
            for sent in self.sent
            if sent.name in WRITES and (not collections or sent.collection in collections)
        ]

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


@contextmanager
def listening() -> Iterator[Commands]:
    """Have both clients tell their commands while the block runs.

    The server's address then asks for less certain writes than the product does: it must not
    matter what somebody's MONGO_URI says.
    """
    listener, options, uri = Commands(), settings.MONGO_OPTIONS, settings.MONGO_URI
    assert SAFE in uri
    close_clients()
    settings.MONGO_URI = uri.replace(SAFE, "w=1&journal=false")
    settings.MONGO_OPTIONS = {**options, "event_listeners": [listener]}
    connections["default"].settings_dict["OPTIONS"] = settings.MONGO_OPTIONS
    try:
        yield listener
    finally:
        settings.MONGO_URI, settings.MONGO_OPTIONS = uri, options
        connections["default"].settings_dict["OPTIONS"] = options
        close_clients()
