"""`GET /api/batches/<id>`."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from batches import queries
from batches.api.router import router
from batches.api.schemas import BatchAnswer
from batches.presenting import as_json
from batches.queries.lookups import UnknownBatchError
from crew.access import require
from crew.rules import Capability
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import answers


@router.get(
    "/batches/{batch_id}",
    summary="Un batch; con ?history=1, su historia",
    response=answers(BatchAnswer, 404),
)
def get_batch(request: HttpRequest, batch_id: str, history: str = "") -> HttpResponse:
    require(request.user, Capability.READ)
    try:
        document: dict[str, Any] = queries.find(batch_id, history=history in {"1", "true"})
    except UnknownBatchError as error:
        return json_error(404, str(error))
    return json_response({"success": True, "batch": as_json(document)})
