"""CSV as spreadsheets in Spanish open it: UTF-8 with BOM, commas, CRLF, harmless cells."""

import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import islice
from typing import Any

from batches.rules.cells import guard
from exports.rules.sheets import Kind, Table

CHUNK_ROWS = 500
# What most texts begin with and no formula does: they need no closer look.
HARMLESS = frozenset(["", *string.ascii_letters, *string.digits, "/", "_", "(", "¿", "¡"])
QUOTED = ('"', ",", "\r", "\n")  # what a cell is put in quotes for


def csv_chunks(table: Table, rows: Iterable[Sequence[Any]], *, zone: tzinfo) -> Iterator[bytes]:
    """Yield the file in pieces of some hundred rows; `zone` is the one times are written in.

    The heads come in one piece with the first rows, so that nothing is sent before those were
    read. Cells are made text a column at a time, and looked at closer only where a column of a
    piece has something to guard or to quote: a third of the time of doing it cell by cell.
    """
    start = "\ufeff" + ",".join(_quoted(column.title) for column in table.columns) + "\r\n"
    writers = [_column_writer(column.kind, zone) for column in table.columns]
    iterator = iter(rows)
    while piece := list(islice(iterator, CHUNK_ROWS)):
        columns = zip(*piece, strict=True)
        cells = [write(column) for write, column in zip(writers, columns, strict=True)]
        lines = map(",".join, zip(*cells, strict=True))
        yield (start + "\r\n".join(lines) + "\r\n").encode()
        start = ""
    if start:
        yield start.encode()


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


def _quoted(text: str) -> str:
    """Return a cell as the file has it: in quotes where its text would end it."""
    if any(character in text for character in QUOTED):
        return '"' + text.replace('"', '""') + '"'
    return text


def _texts(values: Sequence[Any]) -> Sequence[str]:
    try:
        cells = values if None not in values else ["" if v is None else v for v in values]
        together = "".join(cells)
    except TypeError:  # something that is no text is among them
        return [_quoted(_text(value)) for value in values]
    if any(character in together for character in QUOTED):
        return [_quoted(_text(value)) for value in values]
    if {cell[:1] for cell in cells} <= HARMLESS:
        return cells
    return [cell if cell[:1] in HARMLESS else guard(cell) for cell in cells]


def _numbers(values: Sequence[Any]) -> list[str]:
    if set(map(type, values)) == {int}:
        return list(map(str, values))
    return [_quoted(_number(value)) for value in values]


def _times(values: Sequence[Any], zone: tzinfo) -> list[str]:
    try:
        return [
            "" if value is None else value.astimezone(zone).isoformat(" ", "seconds")[:19]
            for value in values
        ]
    except (AttributeError, OverflowError):  # one is no time, or at the end of time
        return [
            local_time(value, zone) if isinstance(value, datetime) else _quoted(_text(value))
            for value in values
        ]


def _dates(values: Sequence[Any]) -> list[str]:
    return [
        local_date(value) if isinstance(value, date) else _quoted(_text(value)) for value in values
    ]


def _shares(values: Sequence[Any]) -> list[str]:
    return [f"{100 * value:.1f}%" for value in values]


def _column_writer(kind: Kind, zone: tzinfo) -> Callable[[Sequence[Any]], Sequence[str]]:
    if kind is Kind.TIME:
        return partial(_times, zone=zone)
    plain = {Kind.DATE: _dates, Kind.SHARE: _shares, Kind.NUMBER: _numbers}
    return plain.get(kind, _texts)
