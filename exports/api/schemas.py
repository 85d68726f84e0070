"""What the exports take and answer, for the OpenAPI document."""

from collections.abc import Sequence
from typing import Any

from batches.api.schemas import list_parameters
from batches.rules.filters import PAGING
from exports.rules.asking import Format
from segmentacion.http.schemas import ALWAYS, ErrorAnswer

MEDIA_TYPES = {
    Format.CSV: ("text/csv", {"type": "string"}),
    Format.XLSX: (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        {"type": "string", "format": "binary"},
    ),
    Format.JSON: (
        "application/json",
        {"type": "array", "items": {"$ref": "#/components/schemas/BatchOut"}},
    ),
}


def documented(formats: Sequence[Format], *errors: int, sortable: bool = False) -> dict[str, Any]:
    """Return what an endpoint that answers with a file says about itself."""
    content = {MEDIA_TYPES[kind][0]: {"schema": MEDIA_TYPES[kind][1]} for kind in formats}
    kind = {"type": "string", "enum": [str(kind) for kind in formats], "default": "csv"}
    left_out = {*PAGING} - ({"sort"} if sortable else set())
    parameters = [p for p in list_parameters() if p["name"] not in left_out]
    parameters.append({"in": "query", "name": "format", "required": False, "schema": kind})
    return {
        "response": dict.fromkeys(sorted({*ALWAYS, *errors, 429}), ErrorAnswer),
        "openapi_extra": {
            "parameters": parameters,
            "responses": {200: {"description": "El archivo", "content": content}},
        },
    }
