"""What changed in a collection since a moment, by its change stream: every program's writes.

Only `_id`s come from here: what they mean is read again from the collection, so that seeing one
twice is harmless. A standalone server has no change streams, and an account may lack the right
to open one: there is no token then, and whoever follows reads everything instead.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from segmentacion.mongo.clients import Document
from segmentacion.mongo.errors import UNREACHABLE

# Left to itself the server sends 16 MB of changes in one answer.
AT_ONCE = 1_000
ENDS_A_STREAM = {"drop", "dropDatabase", "rename", "invalidate"}


@dataclass(frozen=True)
class Changes:
    """Documents touched since a token, and the token that follows. `ended`: why there is none."""

    ids: list[Any]
    token: Any = None
    ended: Literal["", "lost", "replaced", "many"] = ""


def has_change_streams(client: MongoClient[Document]) -> bool:
    """Tell whether a server has change streams: not a standalone one."""
    hello = client.admin.command("hello")
    return "setName" in hello or hello.get("msg") == "isdbgrid"


def token_of(collection: Collection[Document]) -> Any:
    """Return a token of the change stream as of now, or None where there is no stream."""
    if not has_change_streams(collection.database.client):
        return None
    try:
        with collection.watch(max_await_time_ms=1) as stream:
            stream.try_next()
            return stream.resume_token
    except OperationFailure as error:
        if isinstance(error, UNREACHABLE):
            raise
        return None


def changes_since(collection: Collection[Document], token: Any, *, limit: int) -> Changes:
    """Return the `_id`s of the documents inserted, changed or removed since the token was given.

    The stream is open only meanwhile. Raises PyMongoError when the server is unreachable.
    """
    ids: list[Any] = []
    wanted: list[Document] = [{"$project": {"operationType": 1, "documentKey": 1}}]
    try:
        with collection.watch(
            wanted, resume_after=token, max_await_time_ms=1, batch_size=AT_ONCE
        ) as stream:
            while change := stream.try_next():
                if change["operationType"] in ENDS_A_STREAM:
                    return Changes([], ended="replaced")
                ids.append(change["documentKey"]["_id"])
                if len(ids) > limit:
                    return Changes([], ended="many")
            return Changes(ids, stream.resume_token)
    except (OperationFailure, TypeError, ValueError) as error:
        if isinstance(error, UNREACHABLE):
            raise
        return Changes([], ended="lost")
