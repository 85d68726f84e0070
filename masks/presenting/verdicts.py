"""Verdicts as the API and the command show them."""

from typing import Any

from masks.presenting.ids import as_text
from masks.rules.verdicts import VERDICT_LABELS
from masks.services.verifications import Checked, VerifyReport
from segmentacion.mongo.clients import Document


def checked_json(checked: Checked) -> dict[str, Any]:
    """Return one verified file; `kind` null when it vanished meanwhile."""
    return {
        "file_id": as_text(checked.file_id),
        "filename": checked.filename,
        "batches": list(checked.batches),
        "kind": checked.kind,
        "label": VERDICT_LABELS.get(checked.kind or "", "ya no está en el almacén"),
        "reason": checked.reason,
        "masks": checked.masks,
        "cached": checked.cached,
        "duration_ms": checked.duration_ms,
    }


def verify_report_json(report: VerifyReport) -> dict[str, Any]:
    """Return a run's report; `doubtful` are all that are not whole."""
    return {
        "success": True,
        "verified": report.verified,
        "cached": report.cached,
        "kinds": report.kinds,
        "doubtful": [checked_json(checked) for checked in report.doubtful],
        "vanished": report.vanished,
        "batches_updated": report.batches_updated,
        "filled": report.filled,
        "not_filled": [{"id": name, "error": why} for name, why in report.not_filled],
        "peak_memory_mb": round(report.peak_bytes / 1_048_576, 1),
        "duration_ms": report.duration_ms,
    }


def verdict_json(verdict: Document) -> dict[str, Any]:
    """Return a whole verdict as stored, members included."""
    shown = {name: value for name, value in verdict.items() if name != "_id"}
    kind = str(verdict.get("kind"))
    return {
        **shown,
        "file_id": as_text(verdict["_id"]),
        "label": VERDICT_LABELS.get(kind, kind),
    }
