"""`POST /api/undo/<operation>`."""

from django.http import HttpRequest, HttpResponse

from batches.access import asker_of
from batches.api.refusals import named, refusals
from batches.api.router import router
from batches.api.schemas import UndoAnswer
from batches.services import operations
from batches.services.undoing import undo
from crew.access import actor_of, may, require
from crew.rules import Capability
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.once import once, operation_of
from segmentacion.http.schemas import answers
from segmentacion.http.throttling import limited


@router.post(
    "/undo/{operation}",
    summary="Deshacer una operación (o rehacerla)",
    response=answers(UndoAnswer, 404, 409, 429),
)
@limited("bulk")
@once
@refusals
def undo_operation(request: HttpRequest, operation: str) -> HttpResponse:
    require(request.user, Capability.READ)
    record = operations.head(operation)
    own = record is not None and record["who"] == request.user.get_username()
    if not may(request.user, Capability.EDIT) and not own:
        return json_error(403, "Solo puedes deshacer lo que tú hiciste.")
    report = undo(
        operation,
        asker=asker_of(request.user),
        actor=actor_of(request),
        new=operation_of(request),
    )
    return json_response(
        {
            "success": True,
            "restored": report.restored,
            "refused": named(report.refused),
            "operation": report.operation,
        }
    )
