"""`/api/sync-batch-files`, `/api/sync-with-training-metrics`, `/api/check-mongo-files`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Schema

from crew.access import actor_of, require
from crew.rules import Capability
from masks import queries, store
from masks.api.router import router
from masks.presenting import mask_file_json, patterns_of, report_json
from masks.services.runs import SyncReport
from masks.services.sync import (
    SyncBusyError,
    SyncError,
    SyncRefusedError,
    run_sync,
    wait_for_run,
)
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import Done, answers
from segmentacion.http.throttling import limited
from segmentacion.mongo.errors import is_permission_error, is_unreachable

WAIT_SECONDS = 20.0
MAX_FILES = 1000


class SyncRequest(Schema):
    """`full` reads the whole store and not only what is new; `force` lifts the brakes (lead only);
    `dry_run` changes nothing; `quiet` leaves no record when nothing was new."""

    full: bool = False
    force: bool = False
    dry_run: bool = False
    quiet: bool = False


class Marked(Schema):
    """A batch whose mark or files changed."""

    batch_id: str
    file_count: int
    last_file_upload: str | None
    mongo_uploaded: bool


class Conflict(Schema):
    """A file whose name and declared batch disagree."""

    filename: str
    metadata_batch_id: str
    name_batch_ids: list[str]


class SyncAnswer(Done):
    """`results` lists the batches that changed; `joined`: another run's result.

    `mode` is `full` or `incremental`; the figures are of the whole store in both. `why_full` says
    why the whole store was read. Of an incremental run `not_found`, `unparsed` and `conflicts`
    name the first ones; `not_found_count` says how many there are.
    """

    batches_updated: int
    total_batches: int
    total_files_found: int
    message: str
    results: list[Marked]
    already_updated: int
    cleared: int
    not_found: list[str]
    unparsed: list[str]
    conflicts: list[Conflict]
    not_found_count: int
    mode: str
    why_full: str
    run_id: str
    duration_ms: int
    dry_run: bool
    joined: bool = False


class SyncSummary(Done):
    total_files: int
    batches_with_masks: int
    batches_without_masks: int
    batches_updated: int
    message: str


class RecentFile(Schema):
    filename: Any
    uploadDate: str | None  # noqa: N815 (the store's own name)
    size_mb: float | None
    uploaded_by: Any


class RecentFiles(Done):
    """`batch_patterns`: the names of the files of each batch found in them."""

    total_files: int
    recent_files: list[RecentFile]
    batch_patterns: dict[str, list[str]]
    database: str
    collection: str
    message: str


@router.post(
    "/sync-batch-files",
    summary="Sincronizar las marcas con el almacén",
    response=answers(SyncAnswer, 409, 429),
)
@limited("sync")
def sync_batch_files(request: HttpRequest, payload: SyncRequest | None = None) -> HttpResponse:
    asked = payload or SyncRequest()
    outcome = _sync(request, asked)
    if not isinstance(outcome, SyncReport):
        return outcome
    return json_response(report_json(outcome))


@router.post(
    "/sync-with-training-metrics",
    summary="Sincronizar y resumir",
    response=answers(SyncSummary, 409, 429),
)
@limited("sync")
def sync_with_training_metrics(
    request: HttpRequest, payload: SyncRequest | None = None
) -> HttpResponse:
    outcome = _sync(request, payload or SyncRequest())
    if not isinstance(outcome, SyncReport):
        return outcome
    return json_response(
        {
            "success": True,
            "total_files": outcome.total_files,
            "batches_with_masks": outcome.with_masks,
            "batches_without_masks": outcome.without_masks,
            "batches_updated": outcome.updated,
            "message": f"Sincronización completa: {outcome.with_masks} batches con máscaras",
        }
    )


@router.get(
    "/check-mongo-files",
    summary="Los archivos más nuevos del almacén",
    response=answers(RecentFiles, 429),
)
@limited("store")
def check_mongo_files(request: HttpRequest, limit: str = "100") -> HttpResponse:
    require(request.user, Capability.READ)
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_FILES):
        return json_error(400, f"limit: debe ser un número de 1 a {MAX_FILES}")
    try:
        files = store.recent(int(limit))
    except Exception as error:
        if is_unreachable(error) or is_permission_error(error):
            return json_error(503, "El almacén de máscaras no responde.")
        raise
    return json_response(
        {
            "success": True,
            "total_files": len(files),
            "recent_files": [mask_file_json(file) for file in files],
            "batch_patterns": patterns_of(files),
            "database": settings.TRAINING_DB,
            "collection": store.files_collection_name(),
            "message": f"Se encontraron {len(files)} archivos en {settings.TRAINING_DB}",
        }
    )


def _sync(request: HttpRequest, asked: SyncRequest) -> SyncReport | HttpResponse:
    require(request.user, Capability.FORCE_SYNC if asked.force else Capability.SYNC)
    actor = actor_of(request)
    try:
        return run_sync(
            actor=actor,
            full=asked.full,
            force=asked.force,
            dry_run=asked.dry_run,
            quiet=asked.quiet,
        )
    except SyncBusyError as busy:
        return _join(busy)
    except SyncRefusedError as refused:
        return json_error(409, str(refused), **_figures(refused.report))
    except SyncError as error:
        return json_error(503, str(error))


def _join(busy: SyncBusyError) -> HttpResponse:
    """Answer with the running one's result when it ends soon, else say that it runs."""
    record = wait_for_run(busy.run_id, seconds=WAIT_SECONDS)
    if record is None:
        return json_error(409, str(busy), run_id=busy.run_id)
    if record["outcome"] == "ok":
        return json_response(_joined(record))
    status = 409 if record["outcome"] == "refused" else 503
    return json_error(status, record.get("error") or str(busy), run_id=busy.run_id)


def _joined(record: dict[str, Any]) -> dict[str, Any]:
    report = queries.report_of(record)
    return {
        "success": True,
        "joined": True,
        "batches_updated": report["updated"],
        "total_batches": report["total_batches"],
        "total_files_found": report["total_files"],
        "total_files": report["total_files"],
        "batches_with_masks": report["with_masks"],
        "batches_without_masks": report["without_masks"],
        "message": f"Sincronización optimizada: {report['updated']} batches actualizados",
        "results": [],
        "already_updated": report["up_to_date"],
        "cleared": report["cleared"],
        "not_found": report["not_found"],
        "unparsed": report["unparsed"],
        "unparsed_count": report["unparsed_count"],
        "conflicts": [
            {
                "filename": conflict["filename"],
                "metadata_batch_id": conflict["declared"],
                "name_batch_ids": conflict["named"],
            }
            for conflict in report["conflicts"]
        ],
        "batches_with_files": report["batches_with_files"],
        "not_found_count": report["not_found_count"],
        "mode": record.get("mode", "full"),
        "why_full": record.get("why_full", ""),
        "dry_run": False,
        "run_id": record["_id"],
        "duration_ms": report["duration_ms"],
    }


def _figures(report: SyncReport) -> dict[str, Any]:
    shown = report_json(report)
    return {
        name: shown[name] for name in ("total_files_found", "total_batches", "cleared", "run_id")
    }
