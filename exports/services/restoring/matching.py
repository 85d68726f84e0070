"""What is stored in the place of each document of a backup: found by name, decoded once."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import bson
from bson import ObjectId
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from exports.rules.restoring import KEY_FIELDS
from exports.services.extended_json import LOOK, WRITE, split
from segmentacion.mongo.clients import Document, main_collection

# What is stored, by identity: as it is, and as a document where Python can hold it.
Stored = dict[int, list[tuple[bytes, Mapping[str, Any]]]]
UNREADABLE: Mapping[str, Any] = MappingProxyType({})


def identity(key: Any) -> int:
    """Return a number that stands for a value of any type, within this process."""
    return hash(key if key.__class__ in (str, ObjectId) else bson.encode({"": key}))


def stored_of(section: str, documents: Sequence[Mapping[str, Any]]) -> Stored:
    """Return what is stored under the names (and `_id`s) of these documents, by identity."""
    field_name = KEY_FIELDS.get(section, "_id")
    found: Stored = {}
    names = [document[field_name] for document in documents if field_name in document]
    missing = [d["_id"] for d in documents if field_name not in d and "_id" in d]
    for path, values in ((field_name, names), ("_id", missing)):
        if values:
            cursor: Any = main_collection(section).find_raw_batches({path: {"$in": values}})
            for stretch in cursor:
                for raw, document in _readable(stretch):
                    looked = RawBSONDocument(raw, LOOK) if document is UNREADABLE else document
                    found.setdefault(identity(looked.get(path)), []).append((raw, document))
    return found


def match(
    section: str, document: Mapping[str, Any], stored: Stored
) -> tuple[bytes | None, Mapping[str, Any] | None]:
    """Return what is stored in the place of a document: the one of its `_id`, of several."""
    if not stored:
        return None, None
    key = document.get(KEY_FIELDS.get(section, "_id"), document.get("_id"))
    candidates = stored.get(identity(key), [])
    if not candidates:
        return None, None
    for raw, current in candidates if len(candidates) > 1 else ():
        if RawBSONDocument(raw, LOOK).get("_id") == document.get("_id"):
            return raw, current
    return candidates[0]


def _readable(stretch: bytes) -> list[tuple[bytes, Mapping[str, Any]]]:
    """Return each document of a stretch as it is and, where Python can hold it, as one."""
    raws = split(stretch)
    try:
        documents: list[Document] = bson.decode_all(stretch, WRITE)
    except BSONError:
        return [(raw, _read(raw)) for raw in raws]
    return list(zip(raws, documents, strict=True))


def _read(raw: bytes) -> Mapping[str, Any]:
    try:
        return bson.decode(raw, WRITE)
    except BSONError:
        return UNREADABLE
