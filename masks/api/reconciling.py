"""`/api/masks/reconcile`: the last report, or a new one."""

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from crew.access import require
from crew.rules import Capability
from masks.api.router import router
from masks.presenting.reconciling import reconcile_json
from masks.services.reconciling import last_report, reconcile
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import Done, answers
from segmentacion.http.throttling import limited


class FindingOut(Schema):
    """`count` is at least that when `complete` is false; `names` are the first 200."""

    key: str
    title: str
    count: int
    complete: bool
    names: list[str]
    note: str
    advice: str
    url: str | None


class ReconcileAnswer(Done):
    at: str
    duration_ms: int
    total: int
    store_error: str
    findings: list[FindingOut]


@router.get(
    "/masks/reconcile",
    summary="La última conciliación",
    response=answers(ReconcileAnswer, 404),
)
def last_reconciliation(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.READ)
    report = last_report()
    if report is None:
        return json_error(404, "Todavía no se ha conciliado: pídelo con POST.")
    return json_response(reconcile_json(report))


@router.post(
    "/masks/reconcile",
    summary="Conciliar batches, archivos y almacén",
    response=answers(ReconcileAnswer, 429),
)
@limited("reconcile")
def reconcile_now(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.SYNC)
    return json_response(reconcile_json(reconcile()))
