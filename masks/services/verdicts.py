"""Verdicts on mask files: kept by file id, and what each batch shows of them."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import bson

from batches.services.verdicts import write_verdicts
from masks.models import ArchiveVerdict, CatalogueFile
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document, main_collection

STRETCH = 1_000
SUMMARY = {"kind": 1, "reason": 1, "length": 1, "checked_at": 1}


def store_verdict(file_id: Any, verdict: Document, *, actor: Actor) -> None:
    """Keep the verdict on a file, in place of an earlier one."""
    kept = {**verdict, "who": actor.name, "channel": actor.channel.value}
    main_collection(ArchiveVerdict.COLLECTION).replace_one({"_id": file_id}, kept, upsert=True)


def summary_of(verdict: Document) -> Document:
    """Return what the catalogue repeats of a verdict, for lists and filters."""
    return {
        "kind": verdict["kind"],
        "reason": verdict["reason"],
        "masks": verdict["counts"]["masks"],
        "checked_at": verdict["checked_at"],
        "length": verdict["length"],
    }


def refresh_batch_verdicts(batch_ids: Iterable[str], *, actor: Actor, operation: str) -> int:
    """Bring `mask_verdict` of these batches in line with their newest file; return how many
    were written.

    None where that file has no verdict for its present length, or there is no file. Five
    commands per 1,000 batches at most, whatever changed. See `write_verdicts` for side effects.
    """
    pending, written = iter(dict.fromkeys(batch_ids)), 0
    while stretch := list(islice(pending, STRETCH)):
        verdicts = _verdicts_of(stretch)
        written += write_verdicts(verdicts, actor=actor, operation=operation)
    return written


def _verdicts_of(batch_ids: Sequence[str]) -> dict[str, Document | None]:
    newest = _newest_files(batch_ids)
    found = main_collection(ArchiveVerdict.COLLECTION).find(
        {"_id": {"$in": [file["key"] for file in newest.values()]}}, SUMMARY
    )
    verdicts = {_exact(verdict["_id"]): verdict for verdict in found}
    return {
        batch_id: _shown(file, verdicts.get(_exact(file["key"]))) if file else None
        for batch_id, file in ((batch_id, newest.get(batch_id)) for batch_id in batch_ids)
    }


def _shown(file: Document, verdict: Document | None) -> Document | None:
    if verdict is None or verdict.get("length") != file.get("length"):
        return None
    return {
        "kind": verdict["kind"],
        "reason": verdict["reason"],
        "file_id": file["key"],
        "filename": file.get("filename"),
        "checked_at": verdict["checked_at"],
    }


def _exact(key: Any) -> bytes:
    """Return a file's id as the server compares it: of any type, and hashable."""
    return bson.encode({"_": key})


def _newest_files(batch_ids: Sequence[str]) -> dict[str, Document]:
    """Return the newest file of each batch that is still in the store, by batch id."""
    rows = main_collection(CatalogueFile.COLLECTION).aggregate(
        [
            {"$match": {"batches": {"$in": list(batch_ids)}, "here": True}},
            {"$project": {"batches": 1, "filename": 1, "uploadDate": 1, "length": 1}},
            {"$unwind": "$batches"},
            {"$match": {"batches": {"$in": list(batch_ids)}}},
            {"$sort": {"uploadDate": -1, "_id": -1}},
            {
                "$group": {
                    "_id": "$batches",
                    "key": {"$first": "$_id"},
                    "filename": {"$first": "$filename"},
                    "length": {"$first": "$length"},
                }
            },
        ]
    )
    return {row["_id"]: row for row in rows}
