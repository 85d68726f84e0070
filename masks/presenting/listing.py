"""The catalogue's files as the page and the API show them."""

from datetime import datetime
from typing import Any, NamedTuple

from batches.rules.names import batch_ids_in
from batches.rules.verdicts import VERDICT_LABELS
from masks.presenting.ids import as_text
from masks.queries.listing import FilePage
from masks.queries.surroundings import Surroundings, surroundings
from masks.rules.listing import UNVERIFIED
from segmentacion.mongo.clients import Document

UNVERIFIED_LABEL = "sin verificar"


class BatchLink(NamedTuple):
    """A batch a file counts for, and whether it is here."""

    id: str
    is_here: bool


class FileRow(NamedTuple):
    """A file as the list shows it. `version` of `versions`: which of its batch's files it is by
    date, 0 when that is not known or was not asked; `named` is what a conflict's name says."""

    id: str
    filename: str
    batches: tuple[BatchLink, ...]
    named: tuple[str, ...]
    conflict: bool
    uploaded_at: Any
    uploaded_by: str
    length: Any
    verdict: str
    verdict_label: str
    reason: str
    checked_at: Any
    masks: Any
    version: int
    versions: int
    here: bool
    gone_at: Any


def rows_of(documents: list[Document], *, versions: bool) -> list[FileRow]:
    """Return the rows of a page, with what is known of their batches now; which of its batch's
    files each is only where asked."""
    known = surroundings(documents, versions=versions)
    return [_row(document, known) for document in documents]


def _row(document: Document, known: Surroundings) -> FileRow:
    verdict = document.get("verdict")
    verdict = verdict if isinstance(verdict, dict) else {}
    kind = str(verdict.get("kind") or UNVERIFIED)
    batches = [str(one) for one in document.get("batches") or ()]
    order = known.places.get(batches[0], ()) if len(batches) == 1 else ()
    filename = str(document.get("filename") or "")
    return FileRow(
        id=as_text(document["_id"]),
        filename=filename,
        batches=tuple([BatchLink(one, one in known.here) for one in batches]),
        named=batch_ids_in(filename) if document.get("conflict") else (),
        conflict=bool(document.get("conflict")),
        uploaded_at=document.get("uploadDate"),
        uploaded_by=str(document.get("uploaded_by") or ""),
        length=document.get("length"),
        verdict=kind,
        verdict_label=VERDICT_LABELS.get(kind, UNVERIFIED_LABEL if kind == UNVERIFIED else kind),
        reason=str(verdict.get("reason") or ""),
        checked_at=verdict.get("checked_at"),
        masks=verdict.get("masks"),
        version=order.index(document["_id"]) + 1 if document["_id"] in order else 0,
        versions=len(order),
        here=document.get("here") is True,
        gone_at=document.get("gone_at"),
    )


def listing_json(page: FilePage, rows: list[FileRow]) -> dict[str, Any]:
    """Return a page in the shape of `GET /api/masks`."""
    return {
        "success": True,
        "files": [_json(row) for row in rows],
        "count": page.count if page.is_counted else page.count - 1,
        "count_is_exact": page.is_counted,
        "next_cursor": page.next or None,
        "previous_cursor": page.previous or None,
    }


def _json(row: FileRow) -> dict[str, Any]:
    uploaded, verified = row.uploaded_at, row.verdict != UNVERIFIED
    return {
        "id": row.id,
        "filename": row.filename,
        "batches": [{"id": one.id, "exists": one.is_here} for one in row.batches],
        "conflict": row.conflict,
        "uploadDate": uploaded if isinstance(uploaded, datetime) else None,
        "uploaded_by": row.uploaded_by or None,
        "length": row.length if isinstance(row.length, int) else None,
        "verdict": {"kind": row.verdict, "reason": row.reason, "checked_at": row.checked_at}
        if verified
        else None,
        "version": row.version or None,
        "versions": row.versions or None,
        "here": row.here,
        "gone_at": row.gone_at,
    }
