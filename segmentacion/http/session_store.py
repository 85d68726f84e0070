"""Sessions as Django keeps them in the database, read without the ORM: every request reads one."""

from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from segmentacion.mongo import ahead

MOST_OPENED = 1_000


class SessionStore(db.SessionStore):
    """Writing is Django's; reading is one command, with what else the request is sure to ask."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing when there is none, or it ended."""
        key = self.session_key
        stored = ahead.session(key) if key else None
        if key is None or stored is None:
            self._session_key = None
            return {}
        content: dict[str, Any] = orjson.loads(_opened(stored, settings.SECRET_KEY))
        ahead.remember_owner(key, content.get(SESSION_KEY))
        return content


@lru_cache(MOST_OPENED)
def _opened(stored: str, secret: str) -> bytes:
    """Return the content as JSON, {} when the signature is not ours; looked at once per content."""
    return orjson.dumps(db.SessionStore().decode(stored))
