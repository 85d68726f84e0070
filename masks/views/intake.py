"""`/intake`: the images on their way from source to images_old, and what can be done about them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from crew.access import actor_of, may, require, requires
from crew.rules import Capability
from masks.intake.folders import FolderError, Folders
from masks.intake.gallery import gallery
from masks.intake.gallery import picture as stored_picture
from masks.intake.gallery import version as version_of
from masks.intake.services import (
    BusyError,
    ImageError,
    IntakeError,
    NothingError,
    NotReadyError,
    UploadFailedError,
    force_archive,
    process_next,
    retry,
    upload_current,
)
from masks.intake.services.turns import take_turn
from masks.presenting.intake import forced_words, page_of, retried_words, turn_json, uploaded_words
from segmentacion.http.errors import json_error, wants_json
from segmentacion.http.etags import answer, etag_of
from segmentacion.http.json import json_response
from segmentacion.mongo.leases import LeaseLost

TURN_SECONDS = 5.0
FORCE_WORD = "ARCHIVAR"
MAX_REASON = 500
NO_WORD = f"Escribe {FORCE_WORD} para confirmar. Nada cambió."
TAKEN_OVER = "Otro proceso tomó estas carpetas. Espera a que acabe."
# Pictures come from files that nobody vouches for: shown as pictures, and never anything else.
PICTURE_POLICY = "default-src 'none'; sandbox"
KINDS = {"preview": "image/jpeg", "mask": "image/png"}
STATUSES: dict[type[Exception], int] = {
    NothingError: 404,
    BusyError: 409,
    NotReadyError: 409,
    ImageError: 409,
    LeaseLost: 409,
    UploadFailedError: 503,
    FolderError: 503,
}
Said = tuple[str, dict[str, Any]]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.READ)
@vary_on_headers("HX-Request", "Accept")
def intake(request: HttpRequest) -> HttpResponse:
    """The page; htmx asks for its content alone. A POST does what a button asks for."""
    if request.method == "POST":
        return _act(request)
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    # Before what is shown is read, so that a page never has an older state under a newer name.
    context = {"version": _version()} | page_of(gallery(_folders()), timezone.now()) | _may(request)
    return render(request, "intake/content.html" if fragment else "intake.html", context)


@require_GET
@requires(Capability.READ)
def version(request: HttpRequest) -> HttpResponse:
    """A short text that changes with the page, for a page that asks every few seconds."""
    current = _version()
    return answer(
        request, etag_of(current, ages=False), lambda: HttpResponse(current, "text/plain")
    )


@require_GET
@requires(Capability.READ)
def picture(request: HttpRequest, image_id: str, kind: str) -> HttpResponse:
    """An image's preview or mask."""
    content = stored_picture(_folders(), image_id, kind)
    if content is None:
        raise Http404(_("Esa imagen no tiene vista previa."))
    etag = etag_of(kind, image_id, content, ages=False)
    response = answer(request, etag, lambda: HttpResponse(content, content_type=KINDS[kind]))
    response["Content-Security-Policy"] = PICTURE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _act(request: HttpRequest) -> HttpResponse:
    act = ACTS.get(request.POST.get("action", ""))
    if act is None:
        return _answer(request, 400, "No se entiende qué hacer.")
    require(request.user, Capability.INTAKE)
    try:
        words, more = act(request)
    except (IntakeError, FolderError, LeaseLost) as error:
        return _refused(request, error)
    return _answer(request, 200, words, **more)


def _process(request: HttpRequest) -> Said:
    image = process_next(actor=actor_of(request))
    return f"{image['name']} está procesada: falta subirla.", {}


def _upload(request: HttpRequest) -> Said:
    return uploaded_words(upload_current(actor=actor_of(request))), {}


def _turn(request: HttpRequest) -> Said:
    turn = take_turn(actor=actor_of(request), seconds=TURN_SECONDS)
    return "", turn_json(turn)


def _retry(request: HttpRequest) -> Said:
    name = request.POST.get("image", "")
    return retried_words(retry([name] if name else None, actor=actor_of(request))), {}


def _force(request: HttpRequest) -> Said:
    require(request.user, Capability.FORCE_ARCHIVE)
    if request.POST.get("word", "").strip() != FORCE_WORD:
        raise NotReadyError(NO_WORD)
    reason = request.POST.get("reason", "").strip()[:MAX_REASON]
    name = request.POST.get("image") or None
    return forced_words(force_archive(name, actor=actor_of(request), reason=reason)), {}


ACTS: dict[str, Callable[[HttpRequest], Said]] = {
    "process": _process,
    "upload": _upload,
    "run": _turn,
    "retry": _retry,
    "force": _force,
}


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 409)
    words = TAKEN_OVER if isinstance(error, LeaseLost) else str(error)
    if isinstance(error, ImageError):
        words = f"{error.name}: {words}"
    return _answer(request, status, words, busy=isinstance(error, BusyError | LeaseLost))


def _answer(request: HttpRequest, status: int, words: str, **more: Any) -> HttpResponse:
    """Answer as it was asked: to a script with JSON, to a form with the page and the words."""
    if wants_json(request):
        if status != 200:
            return json_error(status, words, **more)
        return json_response({"success": True, "message": words, **more})
    tell = messages.success if status == 200 else messages.error
    tell(request, words or _("Hecho."))
    return redirect("intake")


def _may(request: HttpRequest) -> dict[str, Any]:
    return {
        "may_act": may(request.user, Capability.INTAKE),
        "may_force": may(request.user, Capability.FORCE_ARCHIVE),
        "force_word": FORCE_WORD,
    }


def _folders() -> Folders:
    return Folders(Path(settings.DATA_DIRECTORY))


def _version() -> str:
    return etag_of(version_of(_folders()), ages=False).strip('"')
