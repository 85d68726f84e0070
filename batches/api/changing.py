"""Changing batches over HTTP: one, many, comments, the next one, transfers, undo, the trash."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Schema

from batches import queries
from batches.access import asker_of
from batches.api.router import router
from batches.api.schemas import (
    BatchAnswer,
    BulkAnswer,
    DeletedAnswer,
    StaleAnswer,
    TransferAnswer,
    UndoAnswer,
)
from batches.presenting import as_json
from batches.queries.lookups import UnknownBatchError
from batches.queries.selection import documents_of
from batches.rules.board import split_moved
from batches.rules.changes import InvalidChangeError, Refusal
from batches.rules.filters import FilterError
from batches.rules.selecting import parse_selection
from batches.rules.states import BatchError
from batches.services import operations, trash
from batches.services.assigning import next_batch, transfer_open
from batches.services.changing import StaleError, change_batch, change_many
from batches.services.commenting import add_comment
from batches.services.undoing import UnknownOperationError, undo
from crew.access import actor_of, may, require
from crew.rules import Capability, CrewError
from segmentacion.actors import new_operation
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import answers


class Bulk(Schema):
    """`seen`: with whom the caller saw each batch; those that are elsewhere now are refused."""

    select: Any = None
    set: dict[str, Any] = {}  # noqa: RUF012
    seen: dict[str, str | None] = {}  # noqa: RUF012
    dry_run: bool = False
    operation: str | None = None


class Comment(Schema):
    text: Any = None


class Transfer(Schema):
    """Open work of `from_person` to one or several people."""

    from_person: str = ""
    to: list[str] = []  # noqa: RUF012


@router.post(
    "/batches/bulk", summary="Cambiar muchos batches de una vez", response=answers(BulkAnswer, 409)
)
def bulk(request: HttpRequest, payload: Bulk) -> HttpResponse:
    require(request.user, Capability.EDIT)
    try:
        documents, missing = documents_of(parse_selection(payload.select))
        matched = len(documents)
        documents, moved = split_moved(documents, payload.seen)
        report = change_many(
            documents,
            payload.set,
            asker=asker_of(request.user),
            actor=actor_of(request),
            operation=payload.operation,
            dry_run=payload.dry_run,
        )
    except FilterError as error:
        return json_error(400, str(error))
    except BatchError as error:
        return _refused(error)
    refused = [*moved, *report.refused, *((name, "no existe") for name in missing)]
    return json_response(
        {
            "success": True,
            "matched": matched,
            "changed": report.changed,
            "refused": [{"id": batch_id, "error": reason} for batch_id, reason in refused],
            "operation": report.operation,
            "dry_run": payload.dry_run,
        }
    )


@router.patch(
    "/batches/{batch_id}",
    summary="Cambiar un batch, a la versión que se vio",
    response=answers(BatchAnswer, 404) | {409: StaleAnswer},
)
def patch_batch(
    request: HttpRequest,
    batch_id: str,
    payload: dict[str, Any] = Body(...),  # type: ignore[type-arg]  # noqa: B008
) -> HttpResponse:
    """Any of the fields, and the `version` the caller saw (or an If-Match header)."""
    require(request.user, Capability.READ)
    asked = {name: value for name, value in payload.items() if name != "version"}
    try:
        document = change_batch(
            batch_id,
            asked,
            asker=asker_of(request.user),
            actor=actor_of(request),
            version=_version(request, payload.get("version")),
            operation=_operation(request),
        )
    except StaleError as stale:
        return json_error(409, str(stale), batch=as_json(stale.current))
    except BatchError as error:
        return _refused(error)
    except UnknownBatchError as error:
        return json_error(404, str(error))
    return json_response({"success": True, "batch": as_json(document)})


@router.delete(
    "/batches/{batch_id}",
    summary="Mover un batch a la papelera",
    response=answers(DeletedAnswer, 404, 409),
)
def delete_batch(request: HttpRequest, batch_id: str) -> HttpResponse:
    require(request.user, Capability.DELETE)
    try:
        document = queries.find(batch_id)
    except UnknownBatchError as error:
        return json_error(404, str(error))
    operation = _operation(request) or new_operation()
    actor = actor_of(request)
    if not trash.delete([document["_id"]], actor=actor, operation=operation):
        return json_error(409, "El batch cambió mientras tanto; no se eliminó.")
    return json_response(
        {"success": True, "message": f"{batch_id} está en la papelera", "operation": operation}
    )


@router.post(
    "/undo/{operation}",
    summary="Deshacer una operación (o rehacerla)",
    response=answers(UndoAnswer, 404, 409),
)
def undo_operation(request: HttpRequest, operation: str) -> HttpResponse:
    require(request.user, Capability.READ)
    record = operations.find(operation)
    own = record is not None and record["who"] == request.user.get_username()
    if not may(request.user, Capability.EDIT) and not own:
        return json_error(403, "Solo puedes deshacer lo que tú hiciste.")
    try:
        report = undo(operation, actor=actor_of(request), new=_operation(request))
    except UnknownOperationError as error:
        return json_error(404, str(error))
    return json_response(
        {
            "success": True,
            "restored": report.restored,
            "refused": [{"id": batch_id, "error": reason} for batch_id, reason in report.refused],
            "operation": report.operation,
        }
    )


@router.post(
    "/batches/{batch_id}/comments",
    summary="Comentar un batch",
    response=answers(BatchAnswer, 404, status=201),
)
def comment(request: HttpRequest, batch_id: str, payload: Comment) -> HttpResponse:
    require(request.user, Capability.COMMENT)
    try:
        document = add_comment(
            batch_id,
            payload.text,
            actor=actor_of(request),
            operation=_operation(request),
        )
    except UnknownBatchError as error:
        return json_error(404, str(error))
    except BatchError as error:
        return _refused(error)
    return json_response({"success": True, "batch": as_json(document)}, status=201)


@router.post("/next-batch", summary="Dame el siguiente batch", response=answers(BatchAnswer, 409))
def pull_next(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.WORK)
    asker = asker_of(request.user)
    if asker.person is None:
        return json_error(409, "Tu cuenta no está ligada a nadie del equipo: pídeselo al líder.")
    try:
        document = next_batch(asker.person, actor=actor_of(request), operation=_operation(request))
    except BatchError as error:
        return json_error(409, str(error))
    return json_response({"success": True, "batch": as_json(document)})


@router.post(
    "/transfer",
    summary="Pasar el trabajo abierto de una persona a otra u otras",
    response=answers(TransferAnswer),
)
def transfer(request: HttpRequest, payload: Transfer) -> HttpResponse:
    require(request.user, Capability.EDIT)
    try:
        report = transfer_open(
            payload.from_person,
            payload.to,
            asker=asker_of(request.user),
            actor=actor_of(request),
        )
    except (BatchError, CrewError) as error:
        return json_error(400, str(error))
    return json_response(
        {
            "success": True,
            "changed": report.changed,
            "refused": [{"id": batch_id, "error": reason} for batch_id, reason in report.refused],
            "operation": report.operation,
        }
    )


def _refused(error: BatchError) -> HttpResponse:
    if isinstance(error, InvalidChangeError):
        return json_error(400, str(error))
    forbidden = isinstance(error, Refusal) and error.is_about_who
    return json_error(403 if forbidden else 409, str(error))


def _version(request: HttpRequest, given: Any) -> int | None:
    """Return the version the caller saw: `version` in the body, or an If-Match header."""
    tag = request.headers.get("If-Match", "").strip(' "')
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if given is not None:
        raise InvalidChangeError("version: debe ser un número entero")
    if not tag or tag == "*":
        return None
    if not (tag.isascii() and tag.isdigit() and len(tag) < 10):
        raise InvalidChangeError("If-Match: debe ser la versión que viste, entre comillas")
    return int(tag)


def _operation(request: HttpRequest) -> str | None:
    """Return the caller's own operation id, which makes a repeated request do nothing twice."""
    key = request.headers.get("Idempotency-Key", "").strip()
    return key if 8 <= len(key) <= 64 and key.isascii() and key.isprintable() else None
