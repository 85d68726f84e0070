"""Who does something, and through what: every recorded change carries one."""

import secrets
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    WEB = "web"
    API = "api"
    ADMIN = "admin"
    COMMAND = "command"
    SYNC = "sync"


@dataclass(frozen=True)
class Actor:
    """A person's account name, or the program's, and the channel the change came through."""

    name: str
    channel: Channel


SYNC_ACTOR = Actor("sync", Channel.SYNC)
SYSTEM_ACTOR = Actor("sistema", Channel.COMMAND)


def new_operation() -> str:
    """Return a fresh operation id: what one act changed is found, and undone, by it."""
    return secrets.token_hex(12)
