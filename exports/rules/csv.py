"""CSV as spreadsheets in Spanish open it: UTF-8 with BOM, commas, CRLF, harmless cells."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from batches.rules.cells import guard
from exports.rules.sheets import Kind, Table

BOM = b"\xef\xbb\xbf"
CHUNK_ROWS = 500


def csv_chunks(table: Table, rows: Iterable[Sequence[Any]], *, zone: tzinfo) -> Iterator[bytes]:
    """Yield the file in pieces of some hundred rows; `zone` is the one times are written in.

    The heads come in one piece with the first rows, so that nothing is sent before those were read.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.title for column in table.columns])
    writers = [_cell_writer(column.kind, zone) for column in table.columns]
    prefix = BOM
    waiting = 0
    for row in rows:
        writer.writerow([write(cell) for write, cell in zip(writers, row, strict=True)])
        waiting += 1
        if waiting == CHUNK_ROWS:
            yield prefix + buffer.getvalue().encode()
            prefix, waiting = b"", 0
            buffer.seek(0)
            buffer.truncate()
    if last := prefix + buffer.getvalue().encode():
        yield last


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


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int | float) else _text(value)


def _share(value: float) -> str:
    return f"{100 * value:.1f}%"


def _cell_writer(kind: Kind, zone: tzinfo) -> Callable[[Any], str]:
    if kind is Kind.TIME:
        return lambda value: local_time(value, zone)
    return {
        Kind.TEXT: _text, Kind.NUMBER: _number, Kind.SHARE: _share, Kind.DATE: local_date,
    }[kind]  # fmt: skip
