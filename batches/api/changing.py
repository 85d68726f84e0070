"""Changing batches over HTTP: one, many, comments, the next one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Schema

from batches.access import asker_of
from batches.api.refusals import named, refusals
from batches.api.router import router
from batches.api.schemas import BatchAnswer, BulkAnswer, StaleAnswer
from batches.api.seen import version_of
from batches.presenting import as_json
from batches.queries.selection import documents_of
from batches.rules.board import split_moved
from batches.rules.selecting import check_count, parse_selection
from batches.services.assigning import next_batch
from batches.services.bulk import change_many
from batches.services.changing import change_batch
from batches.services.commenting import add_comment
from crew.access import actor_of, require
from crew.rules import Capability
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.once import once, operation_of
from segmentacion.http.schemas import answers
from segmentacion.http.throttling import limited


class Bulk(Schema):
    """`seen`: with whom the caller saw each batch; those that are elsewhere now are refused."""

    select: Any = None
    set: dict[str, Any] = {}  # noqa: RUF012
    seen: dict[str, str | None] = {}  # noqa: RUF012
    dry_run: bool = False
    operation: str | None = None


class Comment(Schema):
    text: Any = None


@router.post(
    "/batches/bulk",
    summary="Cambiar muchos batches de una vez",
    response=answers(BulkAnswer, 409, 429),
)
@limited("bulk")
@once
@refusals
def bulk(request: HttpRequest, payload: Bulk) -> HttpResponse:
    require(request.user, Capability.EDIT)
    check_count(len(payload.seen), "seen")
    found, missing = documents_of(parse_selection(payload.select))
    documents, moved = split_moved(found, payload.seen)
    report = change_many(
        documents,
        payload.set,
        asker=asker_of(request.user),
        actor=actor_of(request),
        operation=operation_of(request, payload),
        dry_run=payload.dry_run,
        refused=[*moved, *((name, "no existe") for name in missing)],
        matched=len(found),
    )
    return json_response(
        {
            "success": True,
            "matched": report.matched,
            "changed": report.changed,
            "refused": named(report.refused),
            "operation": report.operation,
            "dry_run": payload.dry_run,
        }
    )


@router.patch(
    "/batches/{batch_id}",
    summary="Cambiar un batch, a la versión que se vio",
    response=answers(BatchAnswer, 404) | {409: StaleAnswer},
)
@once
@refusals
def patch_batch(
    request: HttpRequest,
    batch_id: str,
    payload: dict[str, Any] = Body(...),  # type: ignore[type-arg]  # noqa: B008
) -> HttpResponse:
    """Any of the fields, and the `version` the caller saw (or an If-Match header)."""
    require(request.user, Capability.READ)
    document = change_batch(
        batch_id,
        {name: value for name, value in payload.items() if name != "version"},
        asker=asker_of(request.user),
        actor=actor_of(request),
        version=version_of(request, payload.get("version")),
        operation=operation_of(request),
    )
    return json_response({"success": True, "batch": as_json(document)})


@router.post(
    "/batches/{batch_id}/comments",
    summary="Comentar un batch",
    response=answers(BatchAnswer, 404, 409, status=201),
)
@once
@refusals
def comment(request: HttpRequest, batch_id: str, payload: Comment) -> HttpResponse:
    require(request.user, Capability.COMMENT)
    document = add_comment(
        batch_id, payload.text, actor=actor_of(request), operation=operation_of(request)
    )
    return json_response({"success": True, "batch": as_json(document)}, status=201)


@router.post("/next-batch", summary="Dame el siguiente batch", response=answers(BatchAnswer, 409))
@once
@refusals
def pull_next(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.WORK)
    person = asker_of(request.user).person
    if person is None:
        return json_error(409, "Tu cuenta no está ligada a nadie del equipo: pídeselo al líder.")
    document = next_batch(person, actor=actor_of(request), operation=operation_of(request))
    return json_response({"success": True, "batch": as_json(document)})
