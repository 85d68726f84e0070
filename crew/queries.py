"""Reads of the crew."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from bson import ObjectId
from bson.errors import InvalidId
from django.utils import timezone

from crew.events import EventFilter
from crew.filters import FilterError
from crew.models import AUDIT, Segmenter
from crew.rules import DEFAULT_JOB, UnknownPersonError
from crew.work import Load, work
from segmentacion.mongo import trash
from segmentacion.mongo.clients import Document, main_collection

PER_PAGE = 50


@dataclass(frozen=True)
class EventPage:
    """Entries of the log of accesses, newest first, and where the next page begins."""

    records: list[Document]
    next_cursor: str


@dataclass(frozen=True)
class Member:
    """A member of the crew and the batches held."""

    key: str
    name: str
    role: str
    email: str
    created_at: datetime | str | None
    active: bool
    login: str
    load: Load


def all_members() -> list[Member]:
    """Return the whole crew by name, each with the load held now."""
    loads = work().loads()
    documents = main_collection(Segmenter.COLLECTION).find({"name": {"$type": "string"}})
    members = [_member(document, loads) for document in documents]
    return sorted(members, key=lambda member: (not member.active, member.name.casefold()))


def members_seen_by(username: str, *, contacts: bool) -> list[Member]:
    """Return the whole crew as an account may see it: without `contacts`, the e-mail address of
    nobody but the person the account is linked to."""
    members = all_members()
    if contacts:
        return members
    return [m if m.login == username else replace(m, email="") for m in members]


def names(*, active_only: bool = False) -> list[str]:
    """Return the names of the crew in order; only those work can be given to, if asked."""
    condition: Document = {"name": {"$type": "string"}}
    if active_only:
        condition["active"] = {"$ne": False}
    documents = main_collection(Segmenter.COLLECTION).find(condition, {"name": 1})
    return sorted((document["name"] for document in documents), key=str.casefold)


def find(name: str) -> Document:
    """Return the person's document. Raises UnknownPersonError."""
    document = main_collection(Segmenter.COLLECTION).find_one({"name": name})
    if document is None:
        raise UnknownPersonError(name)
    return document


def person_of(username: str) -> str | None:
    """Return the name of the person an account is linked to, or None."""
    document = main_collection(Segmenter.COLLECTION).find_one(
        {"login": username, "active": {"$ne": False}}, {"name": 1}
    )
    return document["name"] if document else None


def trashed_people() -> list[Document]:
    """Return the people who lie in the trash, newest first."""
    return trash.of_kind("person")


def trashed_person(key: str) -> Document:
    """Return an entry of the trash by its own `_id`. Raises UnknownPersonError."""
    found = trash.of_kind("person", _id=key)
    if not found:
        raise UnknownPersonError(key)
    return found[0]


def team_size() -> int:
    """Return how many people the crew has, those not active included."""
    return main_collection(Segmenter.COLLECTION).count_documents({"name": {"$type": "string"}})


def events(asked: EventFilter) -> EventPage:
    """Return a page of the log of accesses. Raises FilterError for a cursor of elsewhere."""
    condition: Document = {"who": asked.who} if asked.who else {}
    if asked.kind:
        condition["kind"] = asked.kind
    period: Document = {"$gte": _midnight(asked.start)} if asked.start else {}
    if asked.end:
        period["$lt"] = _midnight(asked.end + timedelta(days=1))
    both = [condition | ({"at": period} if period else {})]
    if asked.cursor:
        at, key = _decoded(asked.cursor)
        both.append({"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": key}}]})
    found = main_collection(AUDIT).find({"$and": both}).sort([("at", -1), ("_id", -1)])
    records = list(found.limit(PER_PAGE + 1))
    last = records[PER_PAGE - 1] if len(records) > PER_PAGE else None
    cursor = f"{last['at'].timestamp():.3f}_{last['_id']}" if last else ""
    return EventPage(records[:PER_PAGE], cursor)


def people_of_events() -> list[str]:
    """Return who did anything that the log of accesses tells, from an index."""
    names = (str(who) for who in main_collection(AUDIT).distinct("who"))
    return sorted((name for name in names if name), key=str.casefold)


def _decoded(cursor: str) -> tuple[datetime, ObjectId]:
    moment, _, key = cursor.partition("_")
    try:
        return datetime.fromtimestamp(float(moment), UTC), ObjectId(key)
    except (ValueError, OverflowError, OSError, InvalidId) as error:
        raise FilterError("cursor: no es de esta lista") from error


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)


def _member(document: Document, loads: dict[str, Load]) -> Member:
    created_at = document.get("created_at")
    return Member(
        key=str(document["_id"]),
        name=document["name"],
        role=str(document.get("role") or DEFAULT_JOB),
        email=str(document.get("email") or ""),
        created_at=created_at if isinstance(created_at, datetime | str) else None,
        active=document.get("active") is not False,
        login=str(document.get("login") or ""),
        load=loads.get(document["name"], Load()),
    )
