"""Sessions as Django keeps them in the database, read without the ORM: every request reads one."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from segmentacion.mongo import ahead


class SessionStore(db.SessionStore):
    """Writing is Django's; reading is one command, with what else the request is sure to ask."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing when there is none, or it ended."""
        key = self.session_key
        stored = ahead.session(key) if key else None
        if key is None or stored is None:
            self._session_key = None
            return {}
        content: dict[str, Any] = self.decode(stored)
        ahead.remember_owner(key, content.get(SESSION_KEY))
        return content
