"""`/api/segmentadores`, `/api/add-segmentador`, `/api/remove-segmentador`."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from crew import queries, services
from crew.access import actor_of, members_for, require
from crew.rules import (
    Capability,
    CrewError,
    DuplicateNameError,
    HoldsWorkError,
    InvalidPersonError,
    UnknownPersonError,
)
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.once import once, operation_of
from segmentacion.http.schemas import Done, answers

router = Router(tags=["Equipo"])


class AddSegmenter(Schema):
    name: Any = None
    role: Any = None
    email: Any = None


class RemoveSegmenter(Schema):
    name: str = ""
    reassign_to: str | None = None
    unassign: bool = False


class MemberOut(Schema):
    """A person, and the batches held by status. `email` is empty but for the lead and one's own."""

    name: str
    role: str
    email: str
    created_at: str | None
    active: bool
    total: int
    ns: int
    in_progress: int = Field(alias="in")
    s: int


class Team(Done):
    segmentadores: list[MemberOut]
    team_size: int


class NewMember(Schema):
    name: str
    role: str
    email: str


class Added(Done):
    message: str
    segmentador: NewMember
    team_size: int


class Removed(Done):
    message: str
    team_size: int
    batches_moved: int


@router.get("/segmentadores", summary="El equipo y su carga", response=answers(Team), by_alias=True)
def list_segmenters(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.READ)
    members = [
        {
            "name": member.name,
            "role": member.role,
            "email": member.email,
            "created_at": member.created_at,
            "active": member.active,
            "total": member.load.total,
            "ns": member.load.ns,
            "in": member.load.in_progress,
            "s": member.load.s,
        }
        for member in members_for(request.user)
    ]
    return json_response({"success": True, "segmentadores": members, "team_size": len(members)})


@router.post(
    "/add-segmentador", summary="Agregar a una persona", response=answers(Added, 409, status=201)
)
@once
def add_segmenter(request: HttpRequest, payload: AddSegmenter) -> HttpResponse:
    require(request.user, Capability.MANAGE_CREW)
    try:
        person = services.add_person(
            name=payload.name,
            role=payload.role,
            email=payload.email,
            operation=operation_of(request),
        )
    except (InvalidPersonError, DuplicateNameError) as error:
        return json_error(400, str(error))
    return json_response(
        {
            "success": True,
            "message": f"Segmentador '{person.name}' agregado exitosamente",
            "segmentador": {"name": person.name, "role": person.role, "email": person.email},
            "team_size": queries.team_size(),
        },
        status=201,
    )


@router.delete(
    "/remove-segmentador", summary="Eliminar a una persona", response=answers(Removed, 404, 409)
)
@once
def remove_segmenter(request: HttpRequest, payload: RemoveSegmenter) -> HttpResponse:
    require(request.user, Capability.MANAGE_CREW)
    if not payload.name.strip():
        return json_error(400, "El nombre es requerido")
    try:
        moved = services.remove_person(
            payload.name,
            actor=actor_of(request),
            reassign_to=payload.reassign_to,
            unassign=payload.unassign,
            operation=operation_of(request),
        )
    except UnknownPersonError as error:
        return json_error(404, str(error))
    except HoldsWorkError as error:
        return json_error(409, str(error), batches=error.batches)
    except CrewError as error:
        return json_error(409, str(error))
    return json_response(
        {
            "success": True,
            "message": f"Segmentador '{payload.name}' eliminado",
            "team_size": queries.team_size(),
            "batches_moved": moved,
        }
    )
