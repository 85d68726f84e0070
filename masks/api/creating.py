"""`POST /api/auto-create-batches`: batches for ids that the store has and this system has not."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from crew.access import actor_of, require
from crew.rules import Capability
from masks.api.router import router
from masks.services.creating import (
    CreatingBusyError,
    CreatingReport,
    create_unknown,
    propose_batches,
)
from segmentacion.actors import new_operation
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import Done, answers
from segmentacion.http.throttling import limited

SHORTEST_KEY, LONGEST_KEY = 8, 64


class Creating(Schema):
    """`dry_run` only proposes. `operation` (or the header Idempotency-Key) names the act: the
    same again creates nothing more."""

    dry_run: bool = False
    operation: str | None = None


class Proposed(Schema):
    id: str
    files: int


class CreatingAnswer(Done):
    """`batches`: ids created. `proposed`: ids without a batch and their files, with `dry_run`.
    `remaining`: what another call would create; `marks_pending`: why marks are not set yet."""

    created: int
    batches: list[str]
    message: str
    proposed: list[Proposed]
    remaining: int
    operation: str | None
    dry_run: bool
    marks_pending: str


@router.post(
    "/auto-create-batches",
    summary="Crear los batches que el almacén tiene y aquí faltan",
    response=answers(CreatingAnswer, 409, 429),
)
@limited("create")
def auto_create_batches(request: HttpRequest, payload: Creating | None = None) -> HttpResponse:
    require(request.user, Capability.EDIT)
    asked = payload or Creating()
    if asked.dry_run:
        return json_response(_shown(propose_batches(), dry_run=True))
    key = asked.operation or request.headers.get("Idempotency-Key", "").strip()
    if key and not (SHORTEST_KEY <= len(key) <= LONGEST_KEY and key.isascii() and key.isalnum()):
        return json_error(400, "operation: usa de 8 a 64 letras y números")
    try:
        report = create_unknown(actor=actor_of(request), operation=key or new_operation())
    except CreatingBusyError as busy:
        return json_error(409, str(busy))
    return json_response(_shown(report, dry_run=False))


def _shown(report: CreatingReport, *, dry_run: bool) -> dict[str, Any]:
    return {
        "success": True,
        "created": len(report.created),
        "batches": report.created,
        "message": _message(report, dry_run=dry_run),
        "proposed": [{"id": one.id, "files": one.files} for one in report.proposed]
        if dry_run
        else [],
        "remaining": report.remaining,
        "operation": report.operation or None,
        "dry_run": dry_run,
        "marks_pending": report.sync_error,
    }


def _message(report: CreatingReport, *, dry_run: bool) -> str:
    if dry_run:
        count = len(report.proposed)
        text = f"Se crearían {count:,} {_noun(count)}"
    else:
        count = len(report.created)
        text = f"{count:,} {_noun(count)} {'creado' if count == 1 else 'creados'}"
    if report.remaining:
        text += f"; quedan {report.remaining:,} por crear"
    return text


def _noun(count: int) -> str:
    return "batch" if count == 1 else "batches"
