"""`GET /api/backup/database`: the whole database as one file, for the lead."""

import itertools
import tempfile

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse

from crew import audit
from crew.access import require
from crew.events import Event
from crew.rules import Capability
from exports.api.router import router
from exports.services.backups import Dump
from segmentacion.http.deadline import without_deadline
from segmentacion.http.schemas import ALWAYS, ErrorAnswer
from segmentacion.http.throttling import check_rate

FILE = {
    "description": "El respaldo",
    "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
    "content": {"application/json": {"schema": {"type": "object"}}},
}


@router.get(
    "/backup/database",
    summary="Un respaldo completo, con su suma de comprobación",
    response=dict.fromkeys(sorted({*ALWAYS, 429}), ErrorAnswer),
    openapi_extra={"responses": {200: FILE}},
)
def backup_database(request: HttpRequest) -> HttpResponseBase:
    """Stream a backup. What fails before its first byte is an error like any other; later, the
    connection breaks, and the file has no last member."""
    require(request.user, Capability.BACKUP)
    check_rate("export", request.user.get_username(), settings.EXPORT_LIMIT)
    with without_deadline():
        dump = Dump()
        pieces = iter(dump)
        audit.note(request, Event.BACKUP_DOWNLOADED, about=dump.name)
        response = _answer(request, itertools.chain([next(pieces)], pieces))
    response["Content-Type"] = "application/json"
    response["Content-Disposition"] = f'attachment; filename="{dump.name}"'
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest, pieces: "itertools.chain[bytes]") -> HttpResponseBase:
    """Return the stream; HTTP/1.0 cannot tell a broken one from its end, and gets a length."""
    if request.META.get("SERVER_PROTOCOL") != "HTTP/1.0":
        return StreamingHttpResponse(pieces)
    file = tempfile.TemporaryFile()  # noqa: SIM115 the response closes it
    try:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return FileResponse(file)
