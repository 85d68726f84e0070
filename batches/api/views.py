"""Saved views of the list of batches: everybody keeps their own."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from batches.api.router import router
from batches.api.schemas import ViewAnswer
from batches.services.views import (
    InvalidViewError,
    UnknownViewError,
    change_view,
    choose_default,
    delete_view,
    save_view,
)
from crew.access import require
from crew.rules import Capability
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
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
    response=answers(ViewAnswer, status=201),
)
def save(request: HttpRequest, payload: NewView) -> HttpResponse:
    require(request.user, Capability.READ)
    account = request.user.get_username()
    try:
        view = save_view(account, name=payload.name, query=payload.query, shared=payload.shared)
    except InvalidViewError as error:
        return json_error(400, str(error))
    if payload.default:
        choose_default(account, view.key)
    return json_response({"success": True, "view": asdict(view)}, status=201)


@router.put("/views/default", summary="Con qué vista abre tu tablero", response=answers(Done, 404))
def choose(request: HttpRequest, payload: Default) -> HttpResponse:
    require(request.user, Capability.READ)
    try:
        choose_default(request.user.get_username(), payload.key)
    except UnknownViewError as error:
        return json_error(404, str(error))
    return json_response({"success": True})


@router.patch("/views/{key}", summary="Cambiar una vista tuya", response=answers(ViewAnswer, 404))
def change(request: HttpRequest, key: str, payload: ViewChange) -> HttpResponse:
    require(request.user, Capability.READ)
    try:
        view = change_view(key, request.user.get_username(), **payload.dict())
    except UnknownViewError as error:
        return json_error(404, str(error))
    except InvalidViewError as error:
        return json_error(400, str(error))
    return json_response({"success": True, "view": asdict(view)})


@router.delete("/views/{key}", summary="Eliminar una vista tuya", response=answers(Done, 404))
def delete(request: HttpRequest, key: str) -> HttpResponse:
    require(request.user, Capability.READ)
    try:
        delete_view(key, request.user.get_username())
    except UnknownViewError as error:
        return json_error(404, str(error))
    return json_response({"success": True})
