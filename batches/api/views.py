"""Saved views of the list of batches: everybody keeps their own."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from batches.api.refusals import refusals
from batches.api.router import router
from batches.api.schemas import ViewAnswer
from batches.services.views import (
    UnknownViewError,
    change_view,
    choose_default,
    delete_view,
    save_view,
)
from crew.access import require
from crew.rules import Capability
from segmentacion.http.json import json_response
from segmentacion.http.once import is_resumed, once, operation_of
from segmentacion.http.schemas import Done, answers


class NewView(Schema):
    name: Any = None
    query: Any = ""
    shared: bool = False
    default: bool = False


class ViewChange(Schema):
    name: Any = None
    query: Any = None
    shared: bool | None = None


class Default(Schema):
    key: str | None = None


@router.post(
    "/views",
    summary="Guardar filtros y orden con un nombre",
    response=answers(ViewAnswer, 409, status=201),
)
@once
@refusals
def save(request: HttpRequest, payload: NewView) -> HttpResponse:
    require(request.user, Capability.READ)
    view = save_view(
        request.user.get_username(),
        name=payload.name,
        query=payload.query,
        shared=payload.shared,
        default=payload.default,
        operation=operation_of(request),
    )
    return json_response({"success": True, "view": asdict(view)}, status=201)


@router.put(
    "/views/default", summary="Con qué vista abre tu tablero", response=answers(Done, 404, 409)
)
@once
@refusals
def choose(request: HttpRequest, payload: Default) -> HttpResponse:
    require(request.user, Capability.READ)
    choose_default(request.user.get_username(), payload.key)
    return json_response({"success": True})


@router.patch(
    "/views/{key}", summary="Cambiar una vista tuya", response=answers(ViewAnswer, 404, 409)
)
@once
@refusals
def change(request: HttpRequest, key: str, payload: ViewChange) -> HttpResponse:
    require(request.user, Capability.READ)
    view = change_view(key, request.user.get_username(), **payload.dict())
    return json_response({"success": True, "view": asdict(view)})


@router.delete("/views/{key}", summary="Eliminar una vista tuya", response=answers(Done, 404, 409))
@once
@refusals
def delete(request: HttpRequest, key: str) -> HttpResponse:
    require(request.user, Capability.READ)
    try:
        delete_view(key, request.user.get_username())
    except UnknownViewError:
        if not is_resumed(request):  # else it went before the first request was cut off
            raise
    return json_response({"success": True})
