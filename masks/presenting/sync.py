"""The sync and the store's files as the API and the command show them."""

from datetime import datetime
from typing import Any

from batches.rules.names import batch_ids_in, declared_batch_id
from masks.services.runs import SyncReport
from segmentacion.mongo.clients import Document


def report_json(report: SyncReport) -> dict[str, Any]:
    """Return a report in the shape of `POST /api/sync-batch-files`."""
    return {
        "success": True,
        "batches_updated": report.updated,
        "total_batches": report.total_batches,
        "total_files_found": report.total_files,
        "message": message_of(report),
        "results": [
            {
                "batch_id": change.batch_id,
                "file_count": change.file_info["file_count"],
                "last_file_upload": change.file_info["last_file_upload"],
                "mongo_uploaded": change.uploaded,
            }
            for change in report.changes
        ],
        "already_updated": report.up_to_date,
        "cleared": report.cleared,
        "not_found": report.not_found,
        "unparsed": report.unparsed,
        "unparsed_count": report.unparsed_count,
        "conflicts": [
            {"filename": c.filename, "metadata_batch_id": c.declared, "name_batch_ids": c.named}
            for c in report.conflicts
        ],
        "batches_with_files": report.batches_with_files,
        "not_found_count": report.not_found_count,
        "mode": report.mode,
        "why_full": report.why_full,
        "dry_run": report.dry_run,
        "run_id": report.run_id,
        "duration_ms": report.duration_ms,
    }


def message_of(report: SyncReport) -> str:
    """Return the sentence that sums a run up."""
    if report.dry_run:
        return f"Simulación: se actualizarían {report.updated} batches, no se cambió nada"
    return f"Sincronización optimizada: {report.updated} batches actualizados"


def mask_file_json(file: Document) -> dict[str, Any]:
    """Return a file in the shape of `GET /api/check-mongo-files`."""
    uploaded, length = file.get("uploadDate"), file.get("length")
    metadata = file.get("metadata")
    return {
        "filename": file.get("filename"),
        "uploadDate": f"{uploaded:%Y-%m-%dT%H:%M:%S}" if isinstance(uploaded, datetime) else None,
        "size_mb": round(length / 1_048_576, 2) if isinstance(length, int | float) else None,
        "uploaded_by": metadata.get("uploaded_by") if isinstance(metadata, dict) else None,
    }


def patterns_of(files: list[Document]) -> dict[str, list[str]]:
    """Return file names by the batch they belong to; those of none are left out."""
    patterns: dict[str, list[str]] = {}
    for file in files:
        for batch_id in batches_of(file):
            patterns.setdefault(batch_id, []).append(str(file.get("filename")))
    return patterns


def batches_of(file: Document) -> tuple[str, ...]:
    """Return the ids of the batches a file of the store counts for."""
    metadata = file.get("metadata")
    declared = declared_batch_id(metadata.get("batch_id") if isinstance(metadata, dict) else None)
    return (declared,) if declared else batch_ids_in(str(file.get("filename") or ""))
