"""What a request is sure to ask, read in one command together with its session.

A command costs more than what it finds. The session, the account it belongs to with its groups, the
data versions and the server's count of writes are asked by every page: one aggregation brings
them. They are the documents of this moment, for this request alone; nothing is kept for another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import OperationFailure

from segmentacion.mongo.clients import Document, main_collection
from segmentacion.telemetry import facts

SESSIONS, ACCOUNTS, MEMBERSHIPS, STATE = (
    "django_session", "auth_user", "auth_user_groups", "app_state",
)  # fmt: skip
VERSION = "version:"
MAX_OWNERS = 2_000
# Unauthorized; no such collection; a stage this server has not, or does not allow.
NOT_TOLD = {13, 26, 40324, 8000}
# Whose a session was when it was last seen: only a hint of which account to bring along. The
# session itself says whose it is, and an account of somebody else is not used.
_owners: dict[str, ObjectId] = {}
_watched: set[str] = set()


@dataclass(slots=True)
class Ahead:
    """What came with the session. `writes` is per collection, None where it was not told."""

    versions: dict[str, int] = field(default_factory=dict)
    writes: dict[str, list[Any]] = field(default_factory=dict)
    account: Document | None = None
    groups: list[Any] = field(default_factory=list)


def watch(collection: str) -> None:
    """Bring the server's count of writes to this collection along, from now on."""
    _watched.add(collection)


def session(key: str) -> str | None:
    """Return the content of a session as stored, None when there is none, or it ended.

    What came with it is there for the rest of the request under way.
    """
    try:
        rows = _read(key, _watched)
    except OperationFailure as error:
        if error.code not in NOT_TOLD:
            raise
        rows = _read(key, ())
    brought, content = Ahead(), None
    for row in rows:
        content = row.get("session_data", content)
        _sort_in(brought, row)
    if (request := facts.current()) is not None:
        request.ahead = brought
    return content


def remember_owner(key: str, account: Any) -> None:
    """Note whose session this is, so that the account comes along the next time."""
    if not ObjectId.is_valid(account):
        return
    if len(_owners) >= MAX_OWNERS:
        _owners.clear()
    _owners[key] = ObjectId(account)


def account(key: Any) -> tuple[Document, list[Any]] | None:
    """Hand out the account that came along and the ids of its groups, once; None when it did not,
    or it is another one."""
    request = facts.current()
    brought = request.ahead if request is not None else None
    if brought is None or brought.account is None or brought.account["_id"] != key:
        return None
    found, brought.account = brought.account, None
    return found, brought.groups


def seen() -> Ahead | None:
    """Return what came along with the session of a request that only reads. None in any other:
    what a request has changed itself is no longer as it was."""
    request = facts.current()
    return request.ahead if request is not None and request.reading else None


def _read(key: str, watched: Iterable[str]) -> list[Document]:
    now = datetime.now(UTC)
    # The index on keys is partial, over texts: without the type it would not be used.
    mine = {"session_key": {"$eq": key, "$type": "string"}, "expire_date": {"$gt": now}}
    stages: list[Document] = [
        {"$match": mine},
        _with(STATE, {"$match": {"_id": {"$gte": VERSION, "$lt": "version;"}}}),
    ]
    if owner := _owners.get(key):
        stages += [
            _with(ACCOUNTS, {"$match": {"_id": owner}}),
            _with(MEMBERSHIPS, {"$match": {"user_id": owner}}),
        ]
    for name in watched:
        told = {"host": 1, "latencyStats.writes.ops": 1, "collection": {"$literal": name}}
        stages.append(_with(name, {"$collStats": {"latencyStats": {}}}, {"$project": told}))
    return list(main_collection(SESSIONS).aggregate(stages))


def _with(collection: str, *pipeline: Document) -> Document:
    return {"$unionWith": {"coll": collection, "pipeline": list(pipeline)}}


def _sort_in(brought: Ahead, row: Document) -> None:
    if "username" in row:
        brought.account = row
    elif "group_id" in row:
        brought.groups.append(row["group_id"])
    elif "latencyStats" in row:
        count = [row.get("host"), int(row["latencyStats"]["writes"]["ops"])]
        brought.writes.setdefault(row["collection"], []).append(count)
    elif str(row["_id"]).startswith(VERSION):
        brought.versions[str(row["_id"]).removeprefix(VERSION)] = int(row["value"])
