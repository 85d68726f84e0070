"""An upload as the API answers it."""

from typing import Any

from batches.rules.verdicts import VERDICT_LABELS, VerdictKind
from masks.presenting.ids import as_text
from masks.services.receiving import Stored
from segmentacion.mongo.clients import Document


def stored_json(stored: Stored, *, batch_id: str, uploaded_by: str) -> dict[str, Any]:
    """Return what became of an archive that was stored."""
    return {
        "success": True,
        "batch_id": batch_id,
        "file_id": as_text(stored.file_id),
        "filename": stored.filename,
        "length": stored.length,
        "sha256": stored.sha256,
        "uploaded_by": uploaded_by,
        "duplicate": False,
        "marked": not stored.unmarked,
        "verdict": verdict_json(stored.verdict),
        "message": _message(stored, batch_id),
    }


def duplicate_json(record: Document, message: str) -> dict[str, Any]:
    """Return that this content was there already, as which file."""
    return {
        "success": True,
        "batch_id": record["batch_id"],
        "file_id": as_text(record["_id"]),
        "filename": record["filename"],
        "length": record["length"],
        "sha256": record["sha256"],
        "uploaded_by": record["uploaded_by"],
        "duplicate": True,
        "marked": True,
        "verdict": None,
        "message": message,
    }


def verdict_json(verdict: Any) -> dict[str, Any]:
    """Return a verdict in short: what, in words, why, and how many masks."""
    return {
        "kind": str(verdict.kind),
        "label": VERDICT_LABELS[verdict.kind],
        "reason": verdict.reason,
        "masks": verdict.counts.masks,
    }


def _message(stored: Stored, batch_id: str) -> str:
    text = f"{stored.filename} quedó en el almacén para {batch_id}."
    if stored.verdict.kind != VerdictKind.WHOLE:
        text += f" Con avisos: {stored.verdict.reason}."
    if stored.unmarked:
        text += f" La marca ✅ saldrá con la próxima sincronización: {stored.unmarked}"
    return text
