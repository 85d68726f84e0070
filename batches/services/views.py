"""Saving views, sharing them, and choosing the one a dashboard opens with."""

import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from batches.queries.views import COLLECTION, SavedView, find
from batches.rules.filters import parse_page
from batches.rules.states import BatchError
from crew.filters import FilterError
from segmentacion.mongo.clients import main_collection

MAX_NAME = 60
# Where in a list somebody was is no part of what the list is.
PLACE = ("page", "cursor")


class InvalidViewError(BatchError):
    """A name or a query that cannot be saved; the message is for the person asking."""


class UnknownViewError(BatchError):
    def __init__(self) -> None:
        super().__init__("Esa vista ya no existe, o no es tuya.")


def save_view(
    owner: str,
    *,
    name: object,
    query: object,
    shared: bool = False,
    default: bool = False,
    operation: str | None = None,
) -> SavedView:
    """Keep filters and sort under a name; `default`: it also opens the owner's dashboard.

    Repeating an `operation` saves nothing twice. Raises InvalidViewError.
    """
    key = _key_of(owner, operation) if operation else ObjectId()
    now = datetime.now(UTC)
    document = {
        "_id": key,
        "owner": owner,
        "name": clean_name(name),
        "query": clean_query(query),
        "shared": shared,
        "default_for": [],
        "created_at": now,
        "updated_at": now,
    }
    if not (operation and find(str(key), owner)):
        _unique(lambda: main_collection(COLLECTION).insert_one(document))
    if default:
        choose_default(owner, str(key))
    return _seen(str(key), owner)


def change_view(
    key: str,
    owner: str,
    *,
    name: object = None,
    query: object = None,
    shared: bool | None = None,
) -> SavedView:
    """Rename, share or replace one's own view. Raises InvalidViewError, UnknownViewError."""
    values: dict[str, Any] = {"updated_at": datetime.now(UTC)}
    if name is not None:
        values["name"] = clean_name(name)
    if query is not None:
        values["query"] = clean_query(query)
    if shared is not None:
        values["shared"] = shared
    view = _own(key, owner)
    condition = {"_id": ObjectId(view.key), "owner": owner}
    _unique(lambda: main_collection(COLLECTION).update_one(condition, {"$set": values}))
    return _seen(key, owner)


def delete_view(key: str, owner: str) -> None:
    """Delete one's own view. Raises UnknownViewError."""
    view = _own(key, owner)
    main_collection(COLLECTION).delete_one({"_id": ObjectId(view.key), "owner": owner})


def choose_default(account: str, key: str | None) -> None:
    """Open this person's dashboard with a view they may see, or with all batches (None).

    Raises UnknownViewError.
    """
    view = None if key is None else _seen(key, account)
    views = main_collection(COLLECTION)
    views.update_many({"default_for": account}, {"$pull": {"default_for": account}})
    if view is not None:
        views.update_one({"_id": ObjectId(view.key)}, {"$addToSet": {"default_for": account}})


def clean_name(name: object) -> str:
    """Return a view's name with single spaces. Raises InvalidViewError."""
    text = " ".join(name.split()) if isinstance(name, str) else ""
    if not text or not text.isprintable():
        raise InvalidViewError("Ponle un nombre a la vista.")
    if len(text) > MAX_NAME:
        raise InvalidViewError(f"El nombre es demasiado largo (máximo {MAX_NAME} caracteres).")
    return text


def clean_query(query: object) -> str:
    """Return filters and sort as a query, without the place. Raises InvalidViewError."""
    text = query.removeprefix("?") if isinstance(query, str) else ""
    pairs = parse_qsl(text, keep_blank_values=True)
    pairs = [(n, v) for n, v in pairs if n not in PLACE and (v or n == "assignee")]
    params: dict[str, list[str]] = {}
    for name, value in pairs:
        params.setdefault(name, []).append(value)
    try:
        parse_page(params)
    except FilterError as error:
        raise InvalidViewError(f"Ese filtro no se entiende: {error}") from error
    return urlencode(pairs)


def _key_of(owner: str, operation: str) -> ObjectId:
    return ObjectId(hashlib.sha256(f"{owner}\0{operation}".encode()).digest()[:12])


def _seen(key: str, account: str) -> SavedView:
    view = find(key, account)
    if view is None:
        raise UnknownViewError
    return view


def _own(key: str, owner: str) -> SavedView:
    view = _seen(key, owner)
    if not view.own:
        raise UnknownViewError
    return view


def _unique(write: Any) -> None:
    try:
        write()
    except DuplicateKeyError as error:
        raise InvalidViewError("Ya tienes una vista con ese nombre.") from error
