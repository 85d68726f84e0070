"""`/subir/<batch>`: where a mask archive is uploaded; and the files of a batch."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from batches import queries as batch_queries
from batches.access import asker_of
from batches.presenting import as_row
from batches.queries.lookups import UnknownBatchError
from batches.rules.changes import Asker
from batches.rules.states import Status
from crew.access import may, requires
from crew.rules import Capability
from masks.access import may_download, may_upload
from masks.presenting.versions import version_rows
from masks.queries.versions import versions_of
from masks.rules.uploads import EXTENSIONS
from segmentacion.mongo.clients import Document


@require_GET
@requires(Capability.READ)
@vary_on_headers("HX-Request")
def upload_page(request: HttpRequest, batch_id: str) -> HttpResponse:
    """The page; htmx asks for the batch's part alone, as it is after an upload."""
    asker, batch = asker_of(request.user), _batch(batch_id)
    if not may_upload(asker, batch):
        raise PermissionDenied(_("Solo puedes subir máscaras de tus propios batches."))
    context = {
        **_versions(request, batch, asker),
        "batch": batch,
        "row": as_row(batch, timezone.localdate()),
        "may_finish": bool(batch.get("assignee")) and batch.get("status") != Status.SEGMENTED,
        "extensions": EXTENSIONS,
        "limit_mb": settings.UPLOAD_MAX_MB,
    }
    return render(request, "upload/batch.html" if _fragment(request) else "upload.html", context)


@require_GET
@requires(Capability.READ)
def versions(request: HttpRequest, batch_id: str) -> HttpResponse:
    """The files of a batch, for its page. From the main database: the store may be away."""
    context = _versions(request, _batch(batch_id), asker_of(request.user))
    return render(request, "masks/versions.html", context)


def _versions(request: HttpRequest, batch: Document, asker: Asker) -> dict[str, Any]:
    own = asker.may_work and asker.holds(batch.get("assignee"))
    return {
        "versions": version_rows(versions_of(batch["id"])),
        "may_download": may_download(asker, [batch]),
        "may_verify": own or may(request.user, Capability.VERIFY),
    }


def _batch(batch_id: str) -> Document:
    try:
        return batch_queries.find(batch_id)
    except UnknownBatchError as error:
        raise Http404(str(error)) from error


def _fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted")
