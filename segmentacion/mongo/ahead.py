"""What a request is sure to ask, read in one command together with its session.

A command costs more than what it finds. The session, the account it belongs to with its groups, the
data versions and the server's count of writes are asked by every page: one aggregation brings
them. They are the documents of this moment, for this request alone. Only an account is kept for
the next request of the same session, for as long as the number of the accounts stays the same.
"""

import time
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
ACCOUNTS_VERSION = "accounts"  # raised with each change of an account, a group, who is in which
MAX_KNOWN = 2_000
# How long an account is kept at most: a change made by hand in the database raises no number.
ACCOUNT_SECONDS = 2.0
# Unauthorized; no such collection; a stage this server has not, or does not allow.
NOT_TOLD = {13, 26, 40324, 8000}
_watched: set[str] = set()


@dataclass(slots=True)
class Known:
    """What a session was when it was last seen: a hint of where to find it (its `_id` is found
    with half the work) and of which account to bring along. The session itself says whose it is,
    and an account of somebody else is not used."""

    document: ObjectId
    owner: ObjectId | None = None


@dataclass(slots=True)
class Kept:
    """An account with the ids of its groups, as it was at this number of the accounts."""

    version: int
    until: float
    account: Document
    groups: list[Any]


_known: dict[str, Known] = {}
_kept: dict[ObjectId, Kept] = {}


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
    brought = Ahead()
    content = _sort(_told(key), key, brought)
    if content is None and _known.pop(key, None) is not None:
        brought = Ahead()  # it may have been put back under another _id
        content = _sort(_told(key), key, brought)
    if (request := facts.current()) is not None:
        request.ahead = brought
    return content


def remember_owner(key: str, account: Any) -> None:
    """Note whose session this is, so that the account comes along the next time."""
    if (known := _known.get(key)) is not None and ObjectId.is_valid(account):
        known.owner = ObjectId(account)


def account(key: Any) -> tuple[Document, list[Any]] | None:
    """Hand out an account and the ids of its groups: what came along, once, or what is kept and
    still holds. None when there is neither."""
    request = facts.current()
    brought = request.ahead if request is not None else None
    if brought is None:
        return None
    version = brought.versions.get(ACCOUNTS_VERSION, 0)
    if brought.account is not None and brought.account["_id"] == key:
        found, brought.account = brought.account, None
        if len(_kept) >= MAX_KNOWN:
            _kept.clear()
        _kept[key] = Kept(version, time.monotonic() + ACCOUNT_SECONDS, found, brought.groups)
        return found, brought.groups
    kept = _kept.get(key)
    if kept is None or kept.version != version or kept.until < time.monotonic():
        _kept.pop(key, None)
        return None
    return kept.account, kept.groups


def forget_accounts() -> None:
    """Keep no account any longer in this process."""
    _kept.clear()


def seen() -> Ahead | None:
    """Return what came along with the session of a request that only reads. None in any other:
    what a request has changed itself is no longer as it was."""
    request = facts.current()
    return request.ahead if request is not None and request.reading else None


def _told(key: str) -> list[Document]:
    try:
        return _read(key, _watched)
    except OperationFailure as error:
        if error.code not in NOT_TOLD:
            raise
        return _read(key, ())


def _read(key: str, watched: Iterable[str]) -> list[Document]:
    known = _known.get(key)
    # The index on keys is partial, over texts: without the type it would not be used.
    mine = {"_id": known.document} if known else {"session_key": {"$eq": key, "$type": "string"}}
    # The numbers come before the account: it is never older than they are.
    stages: list[Document] = [
        {"$match": mine},
        _with(STATE, {"$match": {"_id": {"$gte": VERSION, "$lt": "version;"}}}),
    ]
    if known and known.owner and not _is_kept(known.owner):
        stages += [
            _with(ACCOUNTS, {"$match": {"_id": known.owner}}),
            _with(MEMBERSHIPS, {"$match": {"user_id": known.owner}}),
        ]
    for name in watched:
        told = {"host": 1, "latencyStats.writes.ops": 1, "collection": {"$literal": name}}
        stages.append(_with(name, {"$collStats": {"latencyStats": {}}}, {"$project": told}))
    return list(main_collection(SESSIONS).aggregate(stages))


def _is_kept(account: ObjectId) -> bool:
    kept = _kept.get(account)
    return kept is not None and kept.until > time.monotonic()


def _with(collection: str, *pipeline: Document) -> Document:
    return {"$unionWith": {"coll": collection, "pipeline": list(pipeline)}}


def _sort(rows: Iterable[Document], key: str, brought: Ahead) -> str | None:
    """Sort what was read into what comes along; return the session's content."""
    content = None
    for row in rows:
        if "session_data" in row:
            content = _content(row, key)
        elif "username" in row:
            brought.account = row
        elif "group_id" in row:
            brought.groups.append(row["group_id"])
        elif "latencyStats" in row:
            count = [row.get("host"), int(row["latencyStats"]["writes"]["ops"])]
            brought.writes.setdefault(row["collection"], []).append(count)
        elif str(row["_id"]).startswith(VERSION):
            brought.versions[str(row["_id"]).removeprefix(VERSION)] = int(row["value"])
    return content


def _content(row: Document, key: str) -> str | None:
    """Return what the session holds; None when it is another's, or it ended."""
    ends = row.get("expire_date")
    if row.get("session_key") != key or not isinstance(ends, datetime) or ends <= datetime.now(UTC):
        return None
    if key not in _known:
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        _known[key] = Known(row["_id"])
    content: str = row["session_data"]
    return content
