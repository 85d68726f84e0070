"""CSV as spreadsheets in Spanish open it: UTF-8 with BOM, commas, CRLF, harmless cells."""

import csv
import io
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from itertools import islice
from typing import Any

from batches.rules.cells import guard
from exports.rules.sheets import Kind, Table

CHUNK_ROWS = 500
# What most texts begin with and no formula does: they need no closer look.
HARMLESS = frozenset(["", *string.ascii_letters, *string.digits, "/", "_", "(", "¿", "¡"])


def csv_chunks(table: Table, rows: Iterable[Sequence[Any]], *, zone: tzinfo) -> Iterator[bytes]:
    """Yield the file in pieces of some hundred rows; `zone` is the one times are written in.

    The heads come in one piece with the first rows, so that nothing is sent before those were
    read. Cells are made text a column at a time: a third of the time of doing it cell by cell.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([column.title for column in table.columns])
    writers = [_column_writer(column.kind, zone) for column in table.columns]
    iterator = iter(rows)
    while piece := list(islice(iterator, CHUNK_ROWS)):
        columns = zip(*piece, strict=True)
        cells = [write(column) for write, column in zip(writers, columns, strict=True)]
        writer.writerows(zip(*cells, strict=True))
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()


def local_time(value: Any, zone: tzinfo) -> str:
    """Return an aware time as `2025-10-14 10:30:00` in this zone; else the text that is stored."""
    if not isinstance(value, datetime):
        return _text(value)
    try:
        return value.astimezone(zone).isoformat(" ", "seconds")[:19]
    except OverflowError:  # the first or last day that Python knows, in another zone
        return value.isoformat(" ", "seconds")[:19]


def local_date(value: Any) -> str:
    """Return a date as `2025-10-20`; else the text that is stored."""
    return value.isoformat()[:10] if isinstance(value, date) else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else guard(value if isinstance(value, str) else str(value))


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) else _text(value)


def _texts(values: Iterable[Any]) -> list[str]:
    return [
        value if value.__class__ is str and value[:1] in HARMLESS else _text(value)
        for value in values
    ]


def _numbers(values: Iterable[Any]) -> list[Any]:
    return [value if value.__class__ is int else _number(value) for value in values]


def _column_writer(kind: Kind, zone: tzinfo) -> Callable[[Iterable[Any]], list[Any]]:
    if kind is Kind.TIME:
        return lambda values: ["" if value is None else local_time(value, zone) for value in values]
    if kind is Kind.DATE:
        return lambda values: ["" if value is None else local_date(value) for value in values]
    if kind is Kind.SHARE:
        return lambda values: [f"{100 * value:.1f}%" for value in values]
    return _numbers if kind is Kind.NUMBER else _texts
