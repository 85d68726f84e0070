"""Excel workbooks: typed cells, formats, a frozen head with filters, and the team's chart.

Rows go to the file as they come (XlsxWriter's constant memory), so that memory does not grow.
Texts are written as texts: none is ever a formula, a number or a link, whatever it looks like.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter

from exports.queries.assignments import SEPARATOR
from exports.rules.sheets import SUMMARY, WORKLOAD, Column, Kind, Table

MAX_ROWS = 1_048_575  # below the head
MAX_TEXT = 32_767
CUT = "…"
# Excel counts days from 1900; what is older is written as a text.
OLDEST = datetime(1900, 1, 1)  # noqa: DTZ001 - local times are written without their zone
HEAD = {
    "bold": True, "font_color": "#FFFFFF", "bg_color": "#4F4CC8", "valign": "vcenter",
    "border": 1, "border_color": "#4340B0",
}  # fmt: skip
FORMATS: dict[Kind, dict[str, str | int]] = {
    Kind.TEXT: {"valign": "top"},
    Kind.NUMBER: {"num_format": "#,##0", "valign": "top", "align": "right", "indent": 1},
    Kind.SHARE: {"num_format": "0.0%", "valign": "top", "align": "right", "indent": 1},
    Kind.DATE: {"num_format": "dd/mm/yyyy", "valign": "top", "align": "left"},
    Kind.TIME: {"num_format": "dd/mm/yyyy hh:mm:ss", "valign": "top", "align": "left"},
}
LINE, ROW = 15, 20  # the height of a row in points, and in pixels
GRID = {"visible": True, "line": {"color": "#E5E7EB", "width": 0.75}}
# Greys and meanings as on screen: NS grey, In amber, S green.
SERIES_COLOURS = ("#9CA3AF", "#D97706", "#15803D")
DETAIL = Table("Detalle", WORKLOAD.columns[1::-1])


class TooManyRowsError(Exception):
    """More rows than a sheet of Excel holds; the message is for the person asking."""

    def __init__(self) -> None:
        super().__init__(
            f"Excel no admite más de {MAX_ROWS:,} filas por hoja: usa un filtro o el formato CSV."
        )


def write_workbook(
    table: Table, rows: Iterable[Sequence[Any]], file: IO[bytes], *, zone: tzinfo
) -> None:
    """Write a workbook with this table. Raises TooManyRowsError; the file is then no workbook."""
    with TemporaryDirectory(prefix="segmentacion-xlsx-") as folder:
        workbook = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        workbook.set_properties({"title": table.title, "author": "Segmentación"})
        sheet = _Sheet(workbook, table, zone)
        detail = _Sheet(workbook, DETAIL, zone) if table is SUMMARY else None
        for row in rows:
            sheet.add(row)
            if detail:
                for batch_id in row[-1].split(SEPARATOR) if row[-1] else ():
                    detail.add((row[0], batch_id))
        sheet.finish(below=_add_chart(workbook, sheet) if detail else 0)
        if detail:
            detail.finish()
        workbook.close()


class _Sheet:
    """A worksheet being written, row by row."""

    def __init__(self, workbook: Any, table: Table, zone: tzinfo) -> None:
        self.table, self.zone, self.rows = table, zone, 0
        self.page = workbook.add_worksheet(table.title)
        self.formats = {kind: workbook.add_format(style) for kind, style in FORMATS.items()}
        self.wrapped = workbook.add_format({**FORMATS[Kind.TEXT], "text_wrap": True})
        head = workbook.add_format(HEAD)
        self.page.freeze_panes(1, 1)
        self.page.set_row(0, 22)
        self.page.repeat_rows(0)
        self.page.set_landscape()
        self.page.fit_to_pages(1, 0)
        for number, column in enumerate(table.columns):
            self.page.set_column(number, number, column.width)
            self.page.write_string(0, number, column.title, head)

    def add(self, row: Sequence[Any]) -> None:
        if self.rows == MAX_ROWS:
            raise TooManyRowsError
        self.rows += 1
        if lines := max(map(_breaks, row)):
            self.page.set_row(self.rows, LINE * (1 + lines))
        for number, (column, value) in enumerate(zip(self.table.columns, row, strict=True)):
            self._cell(number, column, value)

    def finish(self, *, below: int = 0) -> None:
        """Add what spans all rows: the filter, lists of choices, and what is printed: the table
        and so many rows below it, not what a long text has beyond its column."""
        last = max(self.rows, 1)
        self.page.print_area(0, 0, last + below, len(self.table.columns) - 1)
        self.page.autofilter(0, 0, last, len(self.table.columns) - 1)
        for number, column in enumerate(self.table.columns):
            if column.choices:
                rule = {"validate": "list", "source": list(column.choices)}
                self.page.data_validation(1, number, last, number, rule)

    def _cell(self, number: int, column: Column, value: Any) -> None:
        style = self.formats[column.kind]
        if value is None or value == "":
            return
        if isinstance(value, datetime):
            shown = self._local(value, column.kind)
            if shown >= OLDEST:
                self.page.write_datetime(self.rows, number, shown, style)
                return
            value = shown.isoformat(" ", "seconds")
        elif column.kind in {Kind.NUMBER, Kind.SHARE} and _is_number(value):
            self.page.write_number(self.rows, number, value, style)
            return
        text = _fitting(str(value))
        self.page.write_string(self.rows, number, text, self.wrapped if _breaks(text) else style)

    def _local(self, value: datetime, kind: Kind) -> datetime:
        """Return the time as a clock here shows it; a date is stored at midnight UTC."""
        if kind is Kind.DATE:
            return value.replace(tzinfo=None)
        try:
            return value.astimezone(self.zone).replace(tzinfo=None)
        except OverflowError:  # the first or last day that Python knows, in another zone
            return value.replace(tzinfo=None)


def _breaks(value: object) -> int:
    """Return how many line breaks a cell shows, of the few that are worth a row's height."""
    return min(value.count("\n"), 5) if isinstance(value, str) else 0


def _is_number(value: object) -> bool:
    """Tell whether Excel has this as a number: it knows no NaN and no infinity."""
    return isinstance(value, int | float) and abs(value) < 1e300


def _fitting(text: str) -> str:
    """Return a text that fits into a cell; one that is cut says so. Excel counts UTF-16 units."""
    if len(text) <= MAX_TEXT // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_TEXT:
        return text
    return units[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore") + CUT


def _add_chart(workbook: Any, sheet: _Sheet) -> int:
    """Put stacked bars of NS, In and S per person below the table; return how many rows it
    takes."""
    if not sheet.rows:
        return 0
    chart = workbook.add_chart({"type": "bar", "subtype": "stacked"})
    name, last = sheet.table.title, sheet.rows
    for column, colour in zip((2, 3, 4), SERIES_COLOURS, strict=True):
        chart.add_series(
            {
                "name": [name, 0, column],
                "categories": [name, 1, 0, last, 0],
                "values": [name, 1, column, last, column],
                "fill": {"color": colour},
                "gap": 50,
            }
        )
    chart.set_title({"name": "Batches por persona y estatus"})
    chart.set_x_axis({"name": "Batches", "num_format": "#,##0", "major_gridlines": GRID})
    # The first person on top, and the numbers at the bottom nevertheless.
    chart.set_y_axis({"reverse": True, "crossing": "max"})
    chart.set_legend({"position": "bottom"})
    height = min(160 + 28 * last, 1600)
    chart.set_size({"width": 900, "height": height})
    sheet.page.insert_chart(last + 2, 0, chart, {"description": "Batches por persona y estatus"})
    return 2 + height // ROW + 1
