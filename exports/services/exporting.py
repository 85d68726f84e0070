"""The exports: which rows, under which name, in which form. Nothing is written to a database."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any

from django.utils import timezone

from batches.presenting import as_json
from exports.queries import assignments
from exports.queries.batches import SHOWN, whole_list
from exports.queries.streams import opened
from exports.rules import filenames, sheets
from exports.rules.asking import Asked, Format
from exports.rules.csv import csv_chunks
from exports.rules.rows import as_cells
from exports.services.workbooks import write_workbook
from segmentacion.http.json import dumps

JSON_CHUNK = 500


@dataclass(frozen=True)
class Export:
    """A file to be: its name and form, and its rows, the first of which was already read.

    `rows` are cells of `table`, or documents for JSON; `total` is how many, where that is known.
    """

    filename: str
    format: Format
    table: sheets.Table
    rows: Iterator[Any]
    total: int | None = None

    def told(self, progress: Callable[[], object]) -> "Export":
        """Return the same export, which calls `progress` after each row."""
        return replace(self, rows=_told(self.rows, progress))


def workload(name: str, asked: Asked) -> Export:
    """Return a person's batches with an empty status. Raises UnknownPersonError."""
    person = assignments.known_name(name)
    first = assignments.first_assigned(person) or timezone.now()
    return Export(
        filenames.workload_name(person, _local(first).date(), asked.format),
        asked.format,
        sheets.WORKLOAD,
        opened(assignments.workload(person, asked.list.filter)),
        total=assignments.held_by(person),
    )


def summary(asked: Asked) -> Export:
    """Return the team, a row per person with counts and ids."""
    people = assignments.people(asked.list.filter)
    return Export(
        filenames.summary_name(timezone.localtime(), asked.format),
        asked.format,
        sheets.SUMMARY,
        opened(assignments.summary(people, asked.list.filter)),
        total=len(people),
    )


def batches(asked: Asked) -> Export:
    """Return the table of the dashboard, whole: what people see, or what the API shows."""
    if asked.format is Format.JSON:
        rows: Iterator[Any] = whole_list(asked.list)
    else:
        rows = (as_cells(document) for document in whole_list(asked.list, SHOWN))
    name = filenames.batches_name(timezone.localtime(), asked.format)
    return Export(name, asked.format, sheets.BATCHES, opened(rows))


def chunks(export: Export) -> Iterator[bytes]:
    """Yield the file of a CSV or JSON export in pieces; memory does not grow with it."""
    if export.format is Format.JSON:
        return _json_chunks(export.rows)
    return csv_chunks(export.table, export.rows, zone=timezone.get_current_timezone())


def write(export: Export, file: IO[bytes]) -> None:
    """Write the whole file. Raises TooManyRowsError when Excel could not hold it."""
    if export.format is Format.XLSX:
        write_workbook(export.table, export.rows, file, zone=timezone.get_current_timezone())
        return
    for chunk in chunks(export):
        file.write(chunk)


def spooled(export: Export) -> IO[bytes]:
    """Return the whole file, written to a temporary one that goes when closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever answers closes it
    try:
        write(export, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _json_chunks(documents: Iterator[Any]) -> Iterator[bytes]:
    """Yield one JSON list, a batch per line."""
    pieces: list[bytes] = []
    start = b"[\n"
    for document in documents:
        pieces.append(dumps(as_json(document)))
        if len(pieces) == JSON_CHUNK:
            yield start + b",\n".join(pieces)
            pieces.clear()
            start = b",\n"
    if pieces:
        yield start + b",\n".join(pieces) + b"\n]\n"
    else:
        yield b"[]\n" if start == b"[\n" else b"\n]\n"


def _told(rows: Iterator[Any], progress: Callable[[], object]) -> Iterator[Any]:
    for row in rows:
        yield row
        progress()


def _local(moment: datetime) -> datetime:
    try:
        return timezone.localtime(moment)
    except OverflowError:  # the first or last day that Python knows
        return moment
