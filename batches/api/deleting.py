"""Moving batches to the trash: one, or many at once by a word typed by a person."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from batches.api.refusals import named, refusals
from batches.api.router import router
from batches.api.schemas import DeletedAnswer, DeletionAnswer, StaleAnswer
from batches.api.seen import version_of
from batches.queries.selection import documents_of
from batches.rules.selecting import parse_selection
from batches.services import deleting
from crew.access import actor_of, require
from crew.rules import Capability
from segmentacion.actors import new_operation
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.once import once, operation_of
from segmentacion.http.schemas import answers
from segmentacion.http.throttling import limited

WORD = "ELIMINAR"


class Seen(Schema):
    """`version`: the one the caller saw (or an If-Match header); without it, as it is found."""

    version: Any = None


class Deletion(Schema):
    """`word` is ELIMINAR, and `count` how many the person was told that will go."""

    select: Any = None
    word: str = ""
    count: int = -1
    operation: str | None = None


@router.delete(
    "/batches/{batch_id}",
    summary="Mover un batch a la papelera",
    response=answers(DeletedAnswer, 404) | {409: StaleAnswer},
)
@once
@refusals
def delete_batch(
    request: HttpRequest,
    batch_id: str,
    payload: Seen | None = None,
    version: int | None = None,
) -> HttpResponse:
    require(request.user, Capability.DELETE)
    given = payload.version if payload and payload.version is not None else version
    operation = operation_of(request) or new_operation()
    deleting.delete_one(
        batch_id,
        version=version_of(request, given),
        actor=actor_of(request),
        operation=operation,
    )
    return json_response(
        {"success": True, "message": f"{batch_id} está en la papelera", "operation": operation}
    )


@router.post(
    "/batches/bulk/delete",
    summary="Mover muchos batches a la papelera",
    response=answers(DeletionAnswer, 409, 429),
)
@limited("bulk")
@once
@refusals
def delete_many(request: HttpRequest, payload: Deletion) -> HttpResponse:
    require(request.user, Capability.DELETE)
    if payload.word != WORD:
        return json_error(400, f"word: escribe {WORD} para confirmar")
    actor, operation = actor_of(request), operation_of(request, payload)
    report = deleting.resume(operation, actor=actor)
    if report is None:
        documents, missing = documents_of(parse_selection(payload.select))
        if len(documents) != payload.count:
            said = f"Ahora son {len(documents):,} batches. Nada se eliminó; intenta de nuevo."
            return json_error(409, said)
        report = deleting.delete_many(documents, missing, actor=actor, operation=operation)
    return json_response(
        {
            "success": True,
            "matched": report.matched,
            "changed": report.changed,
            "refused": named(report.refused),
            "operation": report.operation,
        }
    )
