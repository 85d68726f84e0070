"""The intake over HTTP: `/processing_status`, `/process_auto`, `/process_final`,
`/force_archive_image`. Their addresses are at the root of the site, not under `/api/`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema
from pymongo.errors import PyMongoError

from crew.access import actor_of, require
from crew.rules import Capability
from masks.intake import queries
from masks.intake.folders import FolderError
from masks.intake.services import (
    ImageError,
    IntakeError,
    NothingError,
    UploadFailedError,
    force_archive,
    process_next,
    upload_current,
)
from masks.presenting.intake_reports import status_json
from segmentacion.http.errors import DATABASE_DOWN, json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import Done, ErrorAnswer, answers
from segmentacion.mongo.errors import is_unreachable
from segmentacion.mongo.leases import LeaseLost

router = Router(tags=["Imágenes"])
View = Callable[..., HttpResponse]


class Skipped(Schema):
    name: str
    reason: str


class StatusAnswer(Done):
    """`current_image` is the one in process, `state` its state (or `idle`). `queue`: files that
    wait in source; `skipped`: what is there and is no image. `system`: `ok`, `working`,
    `attention` (a person is needed) or `error`; `trouble` says what is wrong with the folders."""

    current_image: str | None
    state: str
    pending_uploads: int
    queue: int
    archived: int
    failed: int
    system: str
    forced: int
    missing: int
    retrying: int
    skipped: list[Skipped]
    working: str
    trouble: str


class ProcessAnswer(Done):
    image: str
    awaiting_upload: bool
    message: str
    code: str | None
    width: int | None
    height: int | None


class FinalAnswer(Done):
    """`duplicate`: the store had this content already, from another image."""

    archived: str
    next_image: str | None
    message: str
    duplicate: bool
    sha256: str


class ForceRequest(Schema):
    """`image`: its name, when it is not the current one; `reason` is kept with it."""

    image: str | None = None
    reason: str = Field(default="", max_length=500)


class ForceAnswer(Done):
    archived: str


class KeptErrorAnswer(ErrorAnswer):
    """The image stays in images_sources (`image_kept`); `image` and `state` say which and how."""

    image_kept: bool | None = None
    image: str | None = None
    state: str | None = None


def refused(view: View) -> View:
    """Answer what the intake refuses, or could not do, with the right status."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (IntakeError, LeaseLost, FolderError) as error:
            return _refusal(error)
        except PyMongoError as error:
            if not is_unreachable(error):
                raise
            return json_error(503, DATABASE_DOWN, image_kept=True)

    return answered


def _refusal(error: Exception) -> HttpResponse:
    if isinstance(error, LeaseLost):
        return json_error(409, "Otro proceso tomó estas carpetas: mira el estado.")
    if isinstance(error, ImageError):
        kept = {"image_kept": True, "image": error.name, "state": error.state}
        return json_error(409, f"{error.name}: {error}", **kept)
    if isinstance(error, UploadFailedError | FolderError):
        return json_error(503, str(error), image_kept=True)
    return json_error(404 if isinstance(error, NothingError) else 409, str(error))


@router.get(
    "/processing_status", summary="Cómo va la entrada de imágenes", response=answers(StatusAnswer)
)
def processing_status(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.READ)
    return json_response(status_json(queries.status()))


@router.post(
    "/process_auto",
    summary="Procesar la imagen actual",
    response=answers(ProcessAnswer, 404) | {409: KeptErrorAnswer, 503: KeptErrorAnswer},
)
@refused
def process_auto(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.INTAKE)
    image = process_next(actor=actor_of(request))
    return json_response(
        {
            "success": True,
            "image": image["name"],
            "awaiting_upload": True,
            "message": "Imagen procesada: falta subirla",
            **{name: image.get(name) for name in ("code", "width", "height")},
        }
    )


@router.post(
    "/process_final",
    summary="Subir la imagen actual, confirmarla, archivarla y tomar la siguiente",
    response=answers(FinalAnswer, 404) | {409: KeptErrorAnswer, 503: KeptErrorAnswer},
)
@refused
def process_final(request: HttpRequest) -> HttpResponse:
    require(request.user, Capability.INTAKE)
    done = upload_current(actor=actor_of(request))
    duplicate = done.image.get("duplicate_of") is not None
    message = "Imagen subida y archivada"
    return json_response(
        {
            "success": True,
            "archived": done.image["name"],
            "next_image": done.next_image,
            "message": f"{message} (su contenido ya estaba)" if duplicate else message,
            "duplicate": duplicate,
            "sha256": done.image.get("sha256") or "",
        }
    )


@router.post(
    "/force_archive_image",
    summary="Archivar una imagen sin confirmar (emergencia)",
    response=answers(ForceAnswer, 404) | {409: KeptErrorAnswer, 503: KeptErrorAnswer},
)
@refused
def force_archive_image(request: HttpRequest, payload: ForceRequest | None = None) -> HttpResponse:
    require(request.user, Capability.FORCE_ARCHIVE)
    asked = payload or ForceRequest()
    image = force_archive(asked.image, actor=actor_of(request), reason=asked.reason)
    return json_response({"success": True, "archived": image["name"]})
