"""Writes of the catalogue: entries of files that came or changed, and those of files that went.

Every write carries the guard of the sync's lease (docs/decisions/0014). An insertion is fenced
too: the server compares its clock before it merges the documents it was sent.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import bson
from pymongo.errors import DuplicateKeyError, OperationFailure

from masks import store
from masks.models import CatalogueFile
from masks.queries import files
from masks.queries.files import identity
from masks.rules.catalogue import COPIED, Entry, entry_of, is_same
from segmentacion.mongo.clients import Document, main_database

STRETCH = 5_000
MAX_BYTES = 8 << 20
Confirm = Callable[[], Document]

# A verdict is about the bytes: another length, and it is not this file's any more.
KEPT_VERDICT = {"$cond": [{"$eq": ["$length", "$$new.length"]}, "$verdict", "$$REMOVE"]}
UPDATED: list[Document] = [
    {
        "$set": {
            **{name: f"$$new.{name}" for name in COPIED},
            "verdict": KEPT_VERDICT,
            "here": True,
            "gone_at": "$$REMOVE",
        }
    }
]


@dataclass
class Merged:
    """What bringing the catalogue in line found and wrote."""

    files: int = 0
    written: int = 0
    gone: int = 0
    batch_ids: set[str] = field(default_factory=set)


def write_entries(new: Sequence[Entry], *, confirm: Confirm, fresh: bool = False) -> None:
    """Insert or bring up to date these entries; `fresh`: none of them is expected to be there.

    Raises LeaseLost through `confirm`, and PyMongoError.
    """
    for entry in new:
        if entry["_id"] is None:
            _put_nameless(entry, confirm)
    for part in _parts([entry for entry in new if entry["_id"] is not None]):
        if fresh:
            try:
                _merge(part, confirm(), "fail")
                continue
            except DuplicateKeyError:  # equal to one that is there, as the server compares ids
                pass
        _merge(part, confirm(), UPDATED)


def mark_gone(keys: Sequence[Any], *, confirm: Confirm) -> None:
    """Note that these files are not in the store any more; the entries stay."""
    for start in range(0, len(keys), STRETCH):
        among = {"_id": {"$in": list(keys[start : start + STRETCH])}, "here": True}
        gone = [{"$set": {"here": False, "gone_at": "$$NOW"}}]
        files.catalogue().update_many({**among, **confirm()}, gone)


def merge_store(*, confirm: Confirm, progress: Callable[[int], None]) -> Merged:
    """Bring the whole catalogue in line with the store, in bounded memory.

    Both are read in the server's order of `_id`: a stretch of the store, then the catalogue's
    entries between its ends. `progress` is told how many files were compared.
    """
    merged = Merged()
    for stretch, first, end in _stretches(store.in_id_order()):
        found = {identity(document["_id"]): entry_of(document) for document in stretch}
        merged.files += len(found)
        changed, gone = _compare(found, files.stretch_in_id_order(first, end), merged)
        write_entries(changed, confirm=confirm)
        write_entries(list(found.values()), confirm=confirm, fresh=True)
        merged.written += len(changed) + len(found)
        for entry in (*changed, *found.values()):
            merged.batch_ids.update(entry["batches"])
        mark_gone(gone, confirm=confirm)
        merged.gone += len(gone)
        progress(merged.files)
    return merged


def same_names() -> bool:
    """Tell whether store and catalogue have the same names and dates, byte by byte.

    False, too, where the store lacks the index that makes the comparison cheap.
    """
    try:
        return _digest(store.names_in_order()) == _digest(files.names_in_order())
    except OperationFailure:
        return False


def _compare(
    found: dict[Any, dict[str, Any]], entries: Iterable[Document], merged: Merged
) -> tuple[list[Entry], list[Any]]:
    """Return what changed and what went; leave in `found` what the catalogue does not have."""
    changed: list[Entry] = []
    gone: list[Any] = []
    for known in entries:
        entry = found.pop(identity(known["_id"]), None)
        if entry is None:
            if known.get("here"):
                gone.append(known["_id"])
                merged.batch_ids.update(known.get("batches") or ())
        elif not is_same(known, entry):
            changed.append(entry)
            merged.batch_ids.update(known.get("batches") or ())
    return changed, gone


def _stretches(
    documents: Iterator[Document],
) -> Iterator[tuple[list[Document], Document | None, Document | None]]:
    """Yield stretches of a stream with the bounds between which the catalogue is compared.

    The first has no lower bound and the last no upper one: together they cover everything.
    """
    first = None
    stretch = list(islice(documents, STRETCH))
    while True:
        following = list(islice(documents, STRETCH))
        yield stretch, first, (following[0] if following else None)
        if not following:
            return
        first, stretch = following[0], following


def _merge(entries: Sequence[Entry], guard: Document, matched: str | list[Document]) -> None:
    documents = [{**entry, "here": True} for entry in entries]
    main_database().aggregate(
        [
            {"$documents": {"$literal": documents}},
            {"$match": guard},
            {"$set": {"seen_at": "$$NOW"}},
            {
                "$merge": {
                    "into": CatalogueFile.COLLECTION,
                    "whenMatched": matched,
                    "whenNotMatched": "insert",
                }
            },
        ]
    )


def _put_nameless(entry: Entry, confirm: Confirm) -> None:
    """Write the entry whose `_id` is null, which `$merge` refuses: made as gone, then updated."""
    key = {"_id": None}
    made = {"here": False, "seen_at": datetime.now(UTC)}
    files.catalogue().update_one(key, {"$setOnInsert": made}, upsert=True)
    values = {name: {"$literal": entry[name]} for name in COPIED}
    keep = {"$cond": [{"$eq": ["$length", values["length"]]}, "$verdict", "$$REMOVE"]}
    update = {**values, "verdict": keep, "here": True, "gone_at": "$$REMOVE"}
    files.catalogue().update_one({**key, **confirm()}, [{"$set": update}])


def _parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut entries so that no command is too large, however long their names are."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        part.append(entry)
        size += len(bson.encode(entry))
        if len(part) == STRETCH or size > MAX_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _digest(batches: Iterable[bytes]) -> bytes:
    digest = hashlib.blake2b()
    for batch in batches:
        digest.update(batch)
    return digest.digest()
