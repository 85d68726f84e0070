"""The files of one batch, newest first, from the catalogue: the store is not asked."""

from datetime import datetime
from typing import Any, NamedTuple

from masks.models import CatalogueFile
from segmentacion.mongo.clients import Document, main_collection

MAX_VERSIONS = 100
SHOWN = {
    "filename": 1,
    "uploadDate": 1,
    "length": 1,
    "uploaded_by": 1,
    "verdict": 1,
    "conflict": 1,
    "batches": 1,
}


class Version(NamedTuple):
    """A file of a batch. `current`: the newest, which is the one that counts. `verdict` is the
    catalogue's copy (None: not verified, or not for this content)."""

    key: Any
    filename: str
    uploaded_at: datetime | None
    length: int | None
    uploaded_by: str
    verdict: Document | None
    conflict: bool
    current: bool


def versions_of(batch_id: str) -> list[Version]:
    """Return the files of a batch that are in the store, newest first, a hundred at most."""
    found = (
        main_collection(CatalogueFile.COLLECTION)
        .find({"batches": batch_id, "here": True}, SHOWN)
        .sort([("uploadDate", -1), ("_id", -1)])
        .limit(MAX_VERSIONS)
    )
    return [_version(document, current=not place) for place, document in enumerate(found)]


def _version(document: Document, *, current: bool) -> Version:
    length, at = document.get("length"), document.get("uploadDate")
    return Version(
        key=document["_id"],
        filename=str(document.get("filename") or ""),
        uploaded_at=at if isinstance(at, datetime) else None,
        length=int(length) if isinstance(length, int | float) else None,
        uploaded_by=str(document.get("uploaded_by") or ""),
        verdict=_verdict(document, length),
        conflict=bool(document.get("conflict")),
        current=current,
    )


def _verdict(document: Document, length: Any) -> Document | None:
    verdict = document.get("verdict")
    fits = isinstance(verdict, dict) and verdict.get("length") == length
    return verdict if fits else None
