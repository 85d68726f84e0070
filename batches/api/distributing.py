"""Handing out over several people: `POST /api/distribute` and `POST /api/transfer`."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from batches.access import asker_of
from batches.api.refusals import named, refusals
from batches.api.router import router
from batches.api.schemas import DistributionAnswer, TransferAnswer
from batches.queries.selection import documents_of
from batches.rules.distributing import Share
from batches.rules.selecting import parse_selection
from batches.services.assigning import (
    DistributionReport,
    check_receivers,
    distribute,
    plan_shares,
    transfer_open,
)
from crew.access import actor_of, require
from crew.rules import Capability
from segmentacion.http.json import json_response
from segmentacion.http.once import once, operation_of
from segmentacion.http.schemas import answers
from segmentacion.http.throttling import limited


class Distribution(Schema):
    """Which batches, and how much each person can take (1 is normal)."""

    select: Any = None
    weights: dict[str, float] = {}  # noqa: RUF012
    dry_run: bool = False
    operation: str | None = None


class Transfer(Schema):
    """Open work of `from_person` to one or several people."""

    from_person: str = ""
    to: list[str] = []  # noqa: RUF012
    operation: str | None = None


@router.post(
    "/distribute",
    summary="Repartir batches por carga abierta y peso",
    response=answers(DistributionAnswer, 409, 429),
)
@limited("bulk")
@once
@refusals
def distribute_batches(request: HttpRequest, payload: Distribution) -> HttpResponse:
    """With `dry_run`, only what each person would get."""
    require(request.user, Capability.EDIT)
    check_receivers(payload.weights)
    documents, missing = documents_of(parse_selection(payload.select))
    shares = plan_shares(documents, payload.weights)
    refused = [(name, "no existe") for name in missing]
    report = DistributionReport(None, shares, matched=len(documents), refused=refused)
    if not payload.dry_run:
        report = distribute(
            shares,
            asker=asker_of(request.user),
            actor=actor_of(request),
            operation=operation_of(request, payload),
            refused=refused,
        )
    return json_response(
        {
            "success": True,
            "matched": report.matched,
            "shares": _shown(report.shares),
            "changed": report.changed,
            "refused": named(report.refused),
            "operation": report.operation,
            "dry_run": payload.dry_run,
        }
    )


def _shown(shares: Sequence[Share]) -> list[dict[str, Any]]:
    return [
        {"person": s.person, "count": len(s.ids), "before": s.before, "after": s.after}
        for s in shares
    ]


@router.post(
    "/transfer",
    summary="Pasar el trabajo abierto de una persona a otra u otras",
    response=answers(TransferAnswer, 409, 429),
)
@limited("bulk")
@once
@refusals
def transfer(request: HttpRequest, payload: Transfer) -> HttpResponse:
    require(request.user, Capability.EDIT)
    report = transfer_open(
        payload.from_person,
        payload.to,
        asker=asker_of(request.user),
        actor=actor_of(request),
        operation=operation_of(request, payload),
    )
    return json_response(
        {
            "success": True,
            "changed": report.changed,
            "refused": named(report.refused),
            "operation": report.operation,
        }
    )
