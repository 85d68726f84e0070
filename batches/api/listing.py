"""`GET /api/batches`: what is asked most."""

from django.http import HttpRequest, HttpResponse

from batches import queries
from batches.api.router import router
from batches.api.schemas import BatchList, list_parameters
from batches.models import DATA_VERSION, Batch
from batches.presenting import as_json
from batches.rules.filters import parse_page
from crew.access import require
from crew.filters import FilterError
from crew.rules import Capability
from segmentacion.http import etags
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import answers
from segmentacion.mongo import versions


@router.get(
    "/batches",
    summary="Lista de batches, con filtros, orden y páginas",
    response=answers(BatchList),
    openapi_extra={"parameters": list_parameters()},
)
def list_batches(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.READ)
    version = versions.seen(DATA_VERSION)
    return etags.shared(request, lambda: _list(request), version, collection=Batch.COLLECTION)


def _list(request: HttpRequest) -> HttpResponse:
    try:
        page = queries.page(parse_page(dict(request.GET.lists())))
    except FilterError as error:
        return json_error(400, str(error))
    return json_response(
        {
            "success": True,
            "batches": [as_json(document) for document in page.documents],
            "total": page.total,
            "page": page.page,
            "per_page": page.per_page,
            "pages": page.pages,
            "next_cursor": page.next_cursor,
        }
    )
