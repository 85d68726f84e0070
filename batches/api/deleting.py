"""Moving many batches to the trash at once, by a word typed by a person."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from batches.api.router import router
from batches.api.schemas import DeletionAnswer
from batches.queries.selection import documents_of
from batches.rules.filters import FilterError
from batches.rules.selecting import parse_selection
from batches.services import trash
from crew.access import actor_of, require
from crew.rules import Capability
from segmentacion.actors import new_operation
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import answers

WORD = "ELIMINAR"


class Deletion(Schema):
    """`word` is ELIMINAR, and `count` how many the person was told that will go."""

    select: Any = None
    word: str = ""
    count: int = -1
    operation: str | None = None


@router.post(
    "/batches/bulk/delete",
    summary="Mover muchos batches a la papelera",
    response=answers(DeletionAnswer, 409),
)
def delete_many(request: HttpRequest, payload: Deletion) -> HttpResponse:
    require(request.user, Capability.DELETE)
    if payload.word != WORD:
        return json_error(400, f"word: escribe {WORD} para confirmar")
    try:
        documents, missing = documents_of(parse_selection(payload.select))
    except FilterError as error:
        return json_error(400, str(error))
    if len(documents) != payload.count:
        return json_error(
            409,
            f"Ahora son {len(documents):,} batches. Nada se eliminó; intenta de nuevo.",
        )
    operation = payload.operation or new_operation()
    keys = [document["_id"] for document in documents]
    deleted = trash.delete(keys, actor=actor_of(request), operation=operation)
    refused = [{"id": name, "error": "no existe"} for name in missing]
    return json_response(
        {
            "success": True,
            "matched": len(documents),
            "changed": deleted,
            "refused": refused,
            "operation": operation,
        }
    )
