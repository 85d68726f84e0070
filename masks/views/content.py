"""What is inside a file of the store: a contact sheet of its masks, and the file itself."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from batches.access import asker_of
from batches.queries import by_id
from crew.access import requires
from crew.rules import Capability
from masks import store
from masks.access import may_download
from masks.presenting import batches_of
from masks.presenting.ids import from_text
from masks.services.previews import PreviewError, contact_sheet
from segmentacion.http.etags import answer, etag_of
from segmentacion.http.throttling import limited


@require_GET
@requires(Capability.READ)
@limited("preview")
def sheet(request: HttpRequest, file_id: str) -> HttpResponse:
    """The contact sheet with names and sizes, for the dialog; why not, when there is none."""
    try:
        made = contact_sheet(_id(file_id))
    except PreviewError as error:
        return render(request, "masks/sheet.html", {"error": str(error)})
    image = f"{reverse('mask_preview', args=[file_id])}?{made['length']}"
    return render(request, "masks/sheet.html", {"sheet": made, "image": image})


@require_GET
@requires(Capability.READ)
@limited("preview")
def preview(request: HttpRequest, file_id: str) -> HttpResponse:
    """The contact sheet as a picture."""
    try:
        made = contact_sheet(_id(file_id))
    except PreviewError as error:
        raise Http404(str(error)) from error
    etag = etag_of("sheet", file_id, made["length"], made["made_at"], ages=False)
    return answer(
        request, etag, lambda: HttpResponse(bytes(made["image"]), content_type="image/webp")
    )


@require_GET
@requires(Capability.READ)
@limited("download")
def download(request: HttpRequest, file_id: str) -> HttpResponseBase:
    """The archive itself, streamed: of one's own batches, or for whoever reviews."""
    key = _id(file_id)
    document = store.file_document(key)
    if document is None:
        raise Http404(_("Este archivo ya no está en el almacén."))
    batches = list(by_id(batches_of(document)).values())
    if not may_download(asker_of(request.user), batches):
        raise PermissionDenied(_("Solo puedes descargar máscaras de tus propios batches."))
    response = StreamingHttpResponse(store.content(key), content_type="application/octet-stream")
    response["Content-Length"] = str(int(document["length"]))
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=_safe_name(document.get("filename"))
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _id(text: str) -> Any:
    try:
        return from_text(text)
    except ValueError as error:
        raise Http404(_("Ese archivo no existe.")) from error


def _safe_name(name: object) -> str:
    """Return a name that no system takes for a path or a command."""
    text = str(name or "").replace("\\", "/").rsplit("/", 1)[-1].lstrip(".")
    kept = "".join(letter for letter in text if letter.isprintable() and letter not in '<>:"|?*')
    return kept[:200] or "mascaras"
