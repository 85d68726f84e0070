"""Reads of the catalogue by the sync: entries by id, by batch, in order; and its raw names."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import bson
from bson import ObjectId
from pymongo.collection import Collection

from masks.models import CatalogueFile
from masks.rules.sync import MaskFile
from segmentacion.mongo.clients import NAIVE, Document, main_collection

STRETCH = 5_000
RAW_BATCH = 20_000
BY_ID = [("_id", 1)]
NAMES_INDEX = [("here", 1), ("filename", 1), ("uploadDate", 1)]
HERE = {"here": True}


def catalogue() -> Collection[Document]:
    """Return the catalogue's collection; times are naive UTC, as the store is read."""
    return main_collection(CatalogueFile.COLLECTION).with_options(codec_options=NAIVE)


def identity(key: Any) -> Hashable:
    """Return a file's id as something hashable that is equal when the server finds it equal."""
    if key.__class__ is ObjectId or key.__class__ is str:
        return key  # type: ignore[no-any-return]
    if isinstance(key, int | float) and not isinstance(key, bool):
        return key
    return bson.encode({"": key})


def entries(keys: Sequence[Any]) -> Iterator[Document]:
    """Yield the entries of these files, those that are gone too."""
    for start in range(0, len(keys), STRETCH):
        yield from catalogue().find({"_id": {"$in": list(keys[start : start + STRETCH])}})


def here_of(batch_ids: Sequence[str]) -> Iterator[Document]:
    """Yield the entries of the files that are there and count for any of these batches."""
    wanted = {"filename": 1, "uploadDate": 1, "batches": 1}
    for start in range(0, len(batch_ids), STRETCH):
        among = list(batch_ids[start : start + STRETCH])
        yield from catalogue().find({"batches": {"$in": among}, **HERE}, wanted)


def scan() -> Iterator[MaskFile]:
    """Yield every file that is there as a scan of the store would: name, date, declared batch."""
    wanted = {"_id": 0, "filename": 1, "uploadDate": 1, "declared": 1}
    for entry in catalogue().find(HERE, wanted, batch_size=RAW_BATCH):
        name, at = entry.get("filename"), entry.get("uploadDate")
        filename = name if isinstance(name, str) else ""
        yield filename, at if isinstance(at, datetime) else None, entry.get("declared")


def stretch_in_id_order(first: Document | None, end: Document | None) -> Iterable[Document]:
    """Stream the entries from one `_id` on (None: all), to before another (None: to the end).

    The bounds are the index's, in the server's order over all types of `_id`: a condition
    (`$gte`) would only find values of the same type.
    """
    found = catalogue().find({}, batch_size=STRETCH).sort(BY_ID).hint(BY_ID)
    if first is not None:
        found = found.min([("_id", first["_id"])])
    if end is not None:
        found = found.max([("_id", end["_id"])])
    return found


def names_in_order() -> Iterable[Any]:
    """Stream names and dates as raw BSON, by name and date, from the index alone."""
    names = {"_id": 0, "filename": 1, "uploadDate": 1}
    found = catalogue().find_raw_batches(HERE, names, batch_size=RAW_BATCH)
    return found.sort(NAMES_INDEX).hint(NAMES_INDEX)


def keys_after(moment: datetime, *, limit: int) -> list[Any]:
    """Return the ids that say they were made since then, of files that are there."""
    since = {"_id": {"$gte": ObjectId.from_datetime(moment)}, **HERE}
    found = catalogue().find(since, {"_id": 1}).hint(BY_ID).limit(limit)
    return [entry["_id"] for entry in found]


def about() -> int:
    """Return about how many entries there are (the collection's own count; no scan)."""
    return catalogue().estimated_document_count()
