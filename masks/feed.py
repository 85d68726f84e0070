"""What is new in the mask store: by its change stream, or by the times in its files' ids.

Only ids come from here: what they mean is read again from the store, so that seeing one twice
is harmless. The collection itself is `store.files()`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bson import ObjectId
from django.conf import settings
from pymongo.errors import OperationFailure

from masks.store import files
from segmentacion.mongo.clients import Document, store_client
from segmentacion.mongo.errors import UNREACHABLE

# More changes than this are not worth following: the whole store is read instead.
MAX_CHANGES = 20_000
ENDS_A_STREAM = {"drop", "dropDatabase", "rename", "invalidate"}


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
    hello = store_client().admin.command("hello")
    return "setName" in hello or hello.get("msg") == "isdbgrid"


def change_token() -> Any:
    """Return a token of the change stream as of now, or None where files have to be asked for.

    An account that may not open a change stream is no error.
    """
    if not settings.SYNC_CHANGE_STREAMS or not supports_change_streams():
        return None
    try:
        with files().watch(max_await_time_ms=1) as stream:
            stream.try_next()
            return stream.resume_token
    except OperationFailure:
        return None


@dataclass(frozen=True)
class Changes:
    """Files touched since a token, and the token that follows. `ended`: why there is none."""

    ids: list[Any]
    token: Any = None
    ended: Literal["", "lost", "replaced", "many"] = ""


def changes_since(token: Any) -> Changes:
    """Return the ids of the files inserted, changed or removed since the token was given.

    The stream is open only meanwhile. Raises PyMongoError when the store is unreachable.
    """
    ids: list[Any] = []
    wanted: list[Document] = [{"$project": {"operationType": 1, "documentKey": 1}}]
    try:
        with files().watch(wanted, resume_after=token, max_await_time_ms=1) as stream:
            while change := stream.try_next():
                if change["operationType"] in ENDS_A_STREAM:
                    return Changes([], ended="replaced")
                ids.append(change["documentKey"]["_id"])
                if len(ids) > MAX_CHANGES:
                    return Changes([], ended="many")
            return Changes(ids, stream.resume_token)
    except (OperationFailure, TypeError, ValueError) as error:
        if isinstance(error, UNREACHABLE):
            raise
        return Changes([], ended="lost")


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
    with files().watch(wanted, max_await_time_ms=int(seconds * 1000)) as stream:

        def rings() -> bool:
            heard = stream.try_next() is not None
            while heard and stream.try_next() is not None:
                pass
            return heard

        yield rings
