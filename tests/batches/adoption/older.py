"""Databases as older programs left them, and what the tests look at in them."""

import hashlib
import json
from copy import deepcopy
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import bson
from bson import ObjectId, json_util
from django.core.management import call_command

from batches.models import Batch, empty_file_info, empty_metadata
from batches.rules.adoption import Adoption, Setting
from segmentacion.mongo.clients import Document, main_collection, main_database

DATA = Path(__file__).parents[2] / "data"
MEXICO = ZoneInfo("America/Mexico_City")
SETTING = Setting(MEXICO, {"Ceci", "Flor"}, empty_metadata(), empty_file_info())


def drop_unique(model: Any) -> None:
    """Drop the indexes on the field that a model declares unique."""
    collection = main_collection(model.COLLECTION)
    path = model.INDEXES[0].keys
    for name, information in collection.index_information().items():
        if list(information["key"]) == path:
            collection.drop_index(name)


def load(name: str) -> dict[str, list[Document]]:
    """Put a data file into the database; `__schema__` too."""
    options = json_util.JSONOptions(tz_aware=True, tzinfo=UTC)
    text = (DATA / name).read_text(encoding="utf-8")
    contents: dict[str, list[Document]] = json_util.loads(text, json_options=options)
    for collection, found in contents.items():
        main_collection(collection).insert_many(found)
    return contents


def adopt(*flags: str) -> dict[str, Any]:
    out = StringIO()
    call_command("adopt_database", "--json", "--yes", *flags, stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def text_of(*flags: str) -> str:
    out = StringIO()
    call_command("adopt_database", *flags, stdout=out)
    return out.getvalue()


def everything() -> str:
    """Return a hash of every document and index of the database."""
    return contents_of(*main_database().list_collection_names())


def contents_of(*names: str) -> str:
    """Return a hash of the documents and indexes of some collections."""
    whole = hashlib.sha256()
    for name in sorted(names):
        collection = main_collection(name)
        for document in collection.find().sort("_id"):
            whole.update(bson.encode(document))
        whole.update(repr(sorted(collection.index_information().items())).encode())
    return whole.hexdigest()


def by_key(key: str) -> Document:
    keys = [key, ObjectId(key)] if ObjectId.is_valid(key) else [key]
    document = main_collection(Batch.COLLECTION).find_one({"_id": {"$in": keys}})
    assert document is not None, f"{key} is gone"
    return document


def left(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(item["key"], item["field"], item["value"]) for item in report["leftovers"]}


def is_unique(model: Any, path: str) -> bool:
    found = main_collection(model.COLLECTION).index_information().values()
    return any(list(i["key"]) == [(path, 1)] and i.get("unique") for i in found)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def applied(document: dict[str, Any], adoption: Adoption) -> dict[str, Any]:
    """Return the document as an adoption makes it."""
    result = deepcopy(document)
    for path, value in adoption.values.items():
        section, _, name = path.rpartition(".")
        (result[section] if section else result)[name] = deepcopy(value)
    return result
