"""Sessions as Django keeps them in the database, read without the ORM: every request reads one."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.sessions.backends import db

from segmentacion.mongo.clients import main_collection

COLLECTION = "django_session"


class SessionStore(db.SessionStore):
    """Writing is Django's; reading is one `find_one` by key."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing when there is none, or it ended."""
        # The index on keys is partial, over texts: without the type it would not be used.
        key = {"$eq": self.session_key, "$type": "string"}
        found = main_collection(COLLECTION).find_one(
            {"session_key": key, "expire_date": {"$gt": datetime.now(UTC)}}, {"session_data": 1}
        )
        if found is None:
            self._session_key = None
            return {}
        content: dict[str, Any] = self.decode(found["session_data"])
        return content
