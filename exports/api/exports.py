"""`/api/export/…`: the work as files for spreadsheets and programs."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse

from crew import audit
from crew.access import require
from crew.events import Event
from crew.filters import FilterError
from crew.rules import Capability, UnknownPersonError
from exports.api.router import router
from exports.api.schemas import documented
from exports.rules.asking import SHEETS, Asked, Format, parse_asked
from exports.rules.filenames import attachment
from exports.services import exporting
from exports.services.exporting import Export
from exports.services.workbooks import TooManyRowsError
from segmentacion.http.deadline import without_deadline
from segmentacion.http.errors import json_error
from segmentacion.http.throttling import check_rate

MEDIA = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
}


@router.get(
    "/export/segmentador/{path:name}",
    summary="La carga de una persona, con el estatus en blanco",
    **documented(SHEETS, 404),
)
def export_workload(request: HttpRequest, name: str) -> HttpResponseBase:
    return _export(request, lambda asked: exporting.workload(name, asked))


@router.get(
    "/export/all-assignments", summary="Resumen del equipo: quién tiene qué", **documented(SHEETS)
)
def export_summary(request: HttpRequest) -> HttpResponseBase:
    return _export(request, exporting.summary)


@router.get(
    "/export/batches",
    summary="La lista del tablero, completa, con sus filtros y su orden",
    **documented(tuple(Format), sortable=True),
)
def export_batches(request: HttpRequest) -> HttpResponseBase:
    return _export(request, exporting.batches, formats=tuple(Format), sortable=True)


def _export(
    request: HttpRequest, make: Callable[[Asked], Export], **options: Any
) -> HttpResponseBase:
    """Answer with a file, or with an error before its first byte."""
    require(request.user, Capability.EXPORT)
    try:
        asked = parse_asked(dict(request.GET.lists()), **options)
        check_rate("export", request.user.get_username(), settings.EXPORT_LIMIT)
        with without_deadline():
            export = make(asked)
            audit.note(request, Event.EXPORT, about=export.filename)
            return _file(request, export)
    except (FilterError, TooManyRowsError) as error:
        return json_error(400, str(error))
    except UnknownPersonError as error:
        return json_error(404, str(error))


def _file(request: HttpRequest, export: Export) -> HttpResponseBase:
    """Return the file: a stream, unless a reader could not tell a cut one from a whole one.

    A workbook must be finished before it can be read. HTTP/1.0 has no chunks, so that a broken
    connection looks like the end: both are written first, and sent with their length.
    """
    response: FileResponse | StreamingHttpResponse
    if export.format is Format.XLSX or request.META.get("SERVER_PROTOCOL") == "HTTP/1.0":
        response = FileResponse(exporting.spooled(export))
    else:
        response = StreamingHttpResponse(exporting.chunks(export))
    response["Content-Type"] = MEDIA[export.format]
    response["Content-Disposition"] = attachment(export.filename)
    response["Cache-Control"] = "no-store"
    return response
