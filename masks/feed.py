"""What is new in the mask store: by its change stream, or by the times in its files' ids.

Only ids come from here: what they mean is read again from the store, so that seeing one twice
is harmless. The collection itself is `store.files()`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from django.conf import settings

from masks.store import files
from segmentacion.mongo import changes
from segmentacion.mongo.clients import Document, store_client

# More changes than this are not worth following: the whole store is read instead.
MAX_CHANGES = 20_000


def ids_after(moment: datetime, *, limit: int) -> list[ObjectId]:
    """Return the ids that say they were made since then, as the clocks of their writers went.

    Ids of other types say nothing about time and are not among them.
    """
    since = {"_id": {"$gte": ObjectId.from_datetime(moment)}}
    return [found["_id"] for found in files().find(since, {"_id": 1}).limit(limit)]


def server_time() -> datetime:
    """Return the time by the clock of the store's server."""
    moment: datetime = store_client().admin.command("hello")["localTime"]
    return moment.replace(tzinfo=UTC)


def supports_change_streams() -> bool:
    """Tell whether the store's server has change streams: not a standalone one."""
    return changes.has_change_streams(store_client())


def change_token() -> Any:
    """Return a token of the change stream as of now, or None where files have to be asked for.

    An account that may not open a change stream is no error.
    """
    return changes.token_of(files()) if settings.SYNC_CHANGE_STREAMS else None


def changes_since(token: Any) -> changes.Changes:
    """Return the ids of the files inserted, changed or removed since the token was given.

    Raises PyMongoError when the store is unreachable.
    """
    return changes.changes_since(files(), token, limit=MAX_CHANGES)


def can_follow() -> bool:
    """Tell whether this account can open a change stream here, and the settings let it."""
    return change_token() is not None


@contextmanager
def listen(seconds: float = 1.0) -> Iterator[Callable[[], bool]]:
    """Give a bell: it waits for `seconds` at most and says whether something happened.

    What happened is for `changes_since` to say. The driver resumes the stream by itself over
    a new primary. Raises PyMongoError when the store is gone, or the stream with it.
    """
    wanted: list[Document] = [{"$project": {"_id": 1}}]
    with files().watch(
        wanted, max_await_time_ms=int(seconds * 1000), batch_size=changes.AT_ONCE
    ) as stream:

        def rings() -> bool:
            heard = stream.try_next() is not None
            while heard and stream.try_next() is not None:
                pass
            return heard

        yield rings
