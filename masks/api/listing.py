"""`GET /api/masks`: the list of `/masks` for programs, with the same filters."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from crew.access import require
from crew.filters import FilterError
from crew.rules import Capability
from masks.api.router import router
from masks.presenting.listing import listing_json, rows_of
from masks.queries import listing
from masks.rules.listing import FILTERS, MAX_PER_PAGE, PAGING, SORTS, VERDICTS, parse_files
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import Done, answers


class NamedBatch(Schema):
    """A batch the file counts for; `exists`: it is here."""

    id: str
    exists: bool


class FileVerdict(Schema):
    kind: str
    reason: str
    checked_at: str | None


class FileOut(Schema):
    """A file. `version` of `versions`, with `versions=1`: which of its batch's files it is, by
    date."""

    id: str
    filename: str
    batches: list[NamedBatch]
    conflict: bool
    uploadDate: str | None  # noqa: N815 (the store's own name)
    uploaded_by: str | None
    length: int | None
    verdict: FileVerdict | None
    version: int | None
    versions: int | None
    here: bool
    gone_at: str | None


class FileList(Done):
    """`count` is exact up to 10,000; `count_is_exact` false: there are more."""

    files: list[FileOut]
    count: int
    count_is_exact: bool
    next_cursor: str | None
    previous_cursor: str | None


def _parameters() -> list[dict[str, Any]]:
    kinds: dict[str, dict[str, Any]] = {
        "per_page": {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE},
        "sort": {"type": "string", "enum": [*SORTS, *(f"-{name}" for name in SORTS)]},
        "verdict": {"type": "string", "enum": list(VERDICTS)},
        "conflict": {"type": "boolean"},
        "gone": {"type": "boolean"},
        "versions": {"type": "boolean"},
        "from": {"type": "string", "format": "date"},
        "to": {"type": "string", "format": "date"},
    }
    return [
        {"in": "query", "name": n, "required": False, "schema": kinds.get(n, {"type": "string"})}
        for n in (*FILTERS, *PAGING)
    ]


@router.get(
    "/masks",
    summary="Los archivos de máscaras, con filtros",
    response=answers(FileList),
    openapi_extra={"parameters": _parameters()},
)
def list_masks(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.READ)
    try:
        asked = parse_files(dict(request.GET.lists()))
        page = listing.page(asked)
    except FilterError as error:
        return json_error(400, str(error))
    return json_response(listing_json(page, rows_of(page.documents, versions=asked.versions)))
