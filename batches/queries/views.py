"""Saved views: filters and sort that somebody keeps under a name."""

from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "saved_views"


@dataclass(frozen=True)
class SavedView:
    """A view as one person sees it: whether it is theirs, and their default."""

    key: str
    name: str
    query: str
    owner: str
    shared: bool
    own: bool
    default: bool


def visible_to(account: str) -> list[SavedView]:
    """Return a person's own views and those the others share, by name."""
    condition = {"$or": [{"owner": account}, {"shared": True}]}
    found = [_view(document, account) for document in main_collection(COLLECTION).find(condition)]
    return sorted(found, key=lambda view: (not view.own, view.name.casefold()))


def default_of(account: str) -> SavedView | None:
    """Return the view this person's dashboard opens with; one no longer shared does not count."""
    document = main_collection(COLLECTION).find_one(
        {"default_for": account, "$or": [{"owner": account}, {"shared": True}]}
    )
    return _view(document, account) if document else None


def find(key: str, account: str) -> SavedView | None:
    """Return a view that this person may see, or None."""
    if not ObjectId.is_valid(key):
        return None
    document = main_collection(COLLECTION).find_one(
        {"_id": ObjectId(key), "$or": [{"owner": account}, {"shared": True}]}
    )
    return _view(document, account) if document else None


def _view(document: Document, account: str) -> SavedView:
    default_for: Any = document.get("default_for") or []
    return SavedView(
        key=str(document["_id"]),
        name=str(document["name"]),
        query=str(document.get("query") or ""),
        owner=str(document["owner"]),
        shared=document.get("shared") is True,
        own=document["owner"] == account,
        default=account in default_for,
    )
