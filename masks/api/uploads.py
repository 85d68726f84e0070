"""`PUT /api/uploads/<batch>`: a mask archive, as the raw body of a request."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from ninja import Schema

from batches import queries as batch_queries
from batches.access import asker_of
from batches.queries.lookups import UnknownBatchError
from crew.access import actor_of, require
from crew.rules import Capability
from masks.access import may_upload
from masks.api.router import router
from masks.presenting.uploads import duplicate_json, stored_json, verdict_json
from masks.rules.uploads import InvalidUploadError, UploadError, UploadTooLargeError
from masks.services.receiving import (
    InterruptedUploadError,
    RefusedArchiveError,
    Upload,
    check,
    receive,
)
from masks.services.uploads import DuplicateUploadError
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import Done, answers
from segmentacion.http.throttling import limited

NOT_OWN = "Solo puedes subir máscaras de tus propios batches."
STATUSES: dict[type[UploadError], int] = {
    UploadTooLargeError: 413,
    InvalidUploadError: 400,
    InterruptedUploadError: 400,
    RefusedArchiveError: 400,
}
UNAVAILABLE = 503


class VerdictOut(Schema):
    """`kind`: whole or warning; `label` says it in Spanish."""

    kind: str
    label: str
    reason: str
    masks: int


class UploadAnswer(Done):
    """`duplicate`: this content was there already and was not stored again. `marked`: its batch
    shows it; when not, `message` says why."""

    batch_id: str
    file_id: str
    filename: str
    length: int
    sha256: str
    uploaded_by: str
    duplicate: bool
    marked: bool
    verdict: VerdictOut | None
    message: str


class CheckAnswer(Done):
    """`filename`: the name it would have in the store."""

    batch_id: str
    filename: str


@router.put(
    "/uploads/{batch_id}",
    summary="Subir el archivo de máscaras de un batch",
    response=answers(UploadAnswer, 404, 413, 429) | {201: UploadAnswer},
)
@limited("upload")
def put_upload(request: HttpRequest, batch_id: str, filename: str = "") -> HttpResponse:
    """The body is the archive itself (`application/octet-stream`), with its Content-Length.

    201 when it was stored, 200 when the same content was there already.
    """
    try:
        who = _uploader(request, batch_id)
        length = _number(request.META.get("CONTENT_LENGTH"), "Content-Length")
        asked = Upload(batch_id, filename, length, who)
        stored = receive(asked, request, actor=actor_of(request))
    except UnknownBatchError as error:
        return json_error(404, str(error))
    except DuplicateUploadError as duplicate:
        return json_response(duplicate_json(duplicate.record, str(duplicate)))
    except UploadError as error:
        return _refused(error)
    return json_response(stored_json(stored, batch_id=batch_id, uploaded_by=who), status=201)


@router.get(
    "/uploads/{batch_id}",
    summary="Preguntar si un archivo se puede subir, antes de mandarlo",
    response=answers(CheckAnswer, 404, 413),
)
def check_upload(
    request: HttpRequest, batch_id: str, filename: str = "", length: str = ""
) -> HttpResponse:
    """Answers what the PUT would answer before it reads the body."""
    try:
        who = _uploader(request, batch_id)
        stored_as = check(Upload(batch_id, filename, _number(length, "length"), who))
    except UnknownBatchError as error:
        return json_error(404, str(error))
    except UploadError as error:
        return _refused(error)
    return json_response({"success": True, "batch_id": batch_id, "filename": stored_as})


def _uploader(request: HttpRequest, batch_id: str) -> str:
    """Return under whose name this person uploads. Raises UnknownBatchError, PermissionDenied."""
    require(request.user, Capability.READ)
    asker = asker_of(request.user)
    if not may_upload(asker, batch_queries.find(batch_id)):
        raise PermissionDenied(NOT_OWN)
    return asker.person or asker.account


def _number(text: str | None, name: str) -> int:
    """Return a length as a number. Raises InvalidUploadError when it is none."""
    if not (text and text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidUploadError(f"Falta el tamaño del archivo ({name}).")
    return int(text)


def _refused(error: UploadError) -> HttpResponse:
    extra: dict[str, Any] = {}
    if isinstance(error, RefusedArchiveError):
        extra["verdict"] = verdict_json(error.verdict)
    return json_error(STATUSES.get(type(error), UNAVAILABLE), str(error), **extra)
