"""Cells: harmless in a spreadsheet, and equal again after they are read back."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.rules.cells import guard, looks_risky, unguard
from exports.rules.csv import csv_chunks
from exports.rules.rows import as_cells
from exports.rules.sheets import BATCHES, SUMMARY, WORKLOAD, Kind
from exports.services.workbooks import LINE, MAX_TEXT, write_workbook

ZONE = ZoneInfo("America/Mexico_City")
# What MongoDB can store: any text but lone surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LIKELY = st.sampled_from(
    ["=", "+", "-", "@", "＝", "'", " ", "\t", "\r", "\n", '"', ",", "ñ", "😀", "a"]
)
NASTY = TEXTS | st.lists(LIKELY, max_size=8).map("".join)


def as_csv(rows: Sequence[Sequence[Any]], table: Any = WORKLOAD) -> list[list[str]]:
    text = b"".join(csv_chunks(table, rows, zone=ZONE)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def as_workbook(rows: Sequence[Sequence[Any]], table: Any = WORKLOAD) -> Any:
    file = io.BytesIO()
    write_workbook(table, rows, file, zone=ZONE)
    return openpyxl.load_workbook(file)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u00a0=1", "＝1", "＋1", "－1", "＠A",
     "\ufeff=1", "'=1", "-", "\tx", "\nx"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert guard(text) == "'" + text
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", ["", "Flor", "'hola'", "a=1", "  hola", "ñ", "😀", "1-2", "x\n=1"])
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert guard(text) == unguard(text) == text


@given(NASTY)
def test_the_guard_can_always_be_taken_away(text: str) -> None:
    assert unguard(guard(text)) == text
    assert guard(text).startswith("'") or not looks_risky(guard(text))


@settings(deadline=None)
@given(st.lists(st.tuples(NASTY, NASTY, NASTY), max_size=5))
def test_csv_gives_back_what_was_written(rows: list[tuple[str, str, str]]) -> None:
    head, *read = as_csv(rows)
    assert head == ["Batch ID", "Responsable", "Estatus"]
    assert [tuple(map(unguard, row)) for row in read] == rows
    assert not any(cell[:1] in tuple("=+-@\t\r\n＝＋－＠") and cell for row in read for cell in row)


ODD = NASTY | st.none() | st.integers() | st.floats() | st.booleans() | st.lists(NASTY, max_size=2)


@settings(deadline=None)
@given(st.lists(st.tuples(*[ODD] * len(BATCHES.columns)), max_size=4))
def test_csv_is_what_python_itself_would_write(rows: list[tuple[Any, ...]]) -> None:
    expected = io.StringIO()
    writer = csv.writer(expected, lineterminator="\r\n")
    writer.writerow([column.title for column in BATCHES.columns])
    numbers = [column.kind is Kind.NUMBER for column in BATCHES.columns]
    for row in rows:
        writer.writerow(
            "" if cell is None
            else str(cell) if number and isinstance(cell, int | float)
            else guard(cell if isinstance(cell, str) else str(cell))
            for cell, number in zip(row, numbers, strict=True)
        )  # fmt: skip
    written = b"".join(csv_chunks(BATCHES, rows, zone=ZONE)).decode("utf-8-sig")
    assert written == expected.getvalue()


def test_csv_has_a_bom_and_crlf_whatever_is_in_the_cells() -> None:
    written = b"".join(csv_chunks(WORKLOAD, [("a", "b\nc", "")], zone=ZONE))
    assert written == b'\xef\xbb\xbfBatch ID,Responsable,Estatus\r\na,"b\nc",\r\n'
    assert b"".join(csv_chunks(WORKLOAD, [], zone=ZONE)).count(b"\r\n") == 1


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(NASTY, NASTY, NASTY), min_size=1, max_size=5))
def test_a_workbook_holds_texts_and_never_formulas(rows: list[tuple[str, str, str]]) -> None:
    page = as_workbook(rows).active
    for number, row in enumerate(rows, start=2):
        for place, text in enumerate(row, start=1):
            cell = page.cell(number, place)
            assert cell.data_type in {"s", "inlineStr", "n"}
            assert readable(cell.value) == readable(text)


def readable(text: str | None) -> str:
    """XML cannot hold control characters, and turns CR into LF: compared without them."""
    from openpyxl.utils.escape import unescape

    plain = unescape(text or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c == "\n" or (c >= " " and (c.isprintable() or c.isspace())))


def test_a_workbook_has_dates_numbers_a_frozen_head_and_filters() -> None:
    moment = datetime(2025, 10, 15, 1, 28, 43, tzinfo=UTC)
    document = {
        "id": "batch_1", "status": "In", "updated_at": moment, "mongo_uploaded": True,
        "file_info": {"file_count": 2, "last_file_upload": moment},
        "metadata": {"due_date": datetime(2025, 10, 20, tzinfo=UTC)},
    }  # fmt: skip
    page = as_workbook([as_cells(document)], BATCHES).active
    cells = dict(zip([c.value for c in page[1]], page[2], strict=True))
    assert cells["Fecha límite"].value == datetime(2025, 10, 20)
    assert cells["Actualizado"].value == datetime(2025, 10, 14, 19, 28, 43)
    assert (cells["Archivos"].value, cells["Cargado a Mongo"].value) == (2, "Sí")
    assert (page.freeze_panes, page.auto_filter.ref) == ("B2", "A1:P2")


def test_a_text_of_two_lines_has_room_for_both() -> None:
    page = as_workbook([("batch_1", "uno\ndos", ""), ("batch_2", "Flor", "")]).active
    assert page["B2"].alignment.wrap_text
    assert page.row_dimensions[2].height == 2 * LINE
    assert page.row_dimensions[3].height in {None, LINE}


def test_the_print_of_the_team_has_the_columns_and_the_chart_and_nothing_beside() -> None:
    row = ("Flor", 2, 1, 0, 1, 0.5, "batch_1, batch_2" * 50)
    page = as_workbook([row], SUMMARY)["Resumen del equipo"]
    last = int(page.print_area.rpartition("$")[2])
    (chart,) = page._charts
    assert ":$G$" in page.print_area
    assert last > chart.anchor._from.row


def test_a_text_too_long_for_excel_is_cut_and_says_so() -> None:
    value = as_workbook([("😀" * MAX_TEXT, "", "")]).active["A2"].value
    assert value.endswith("…")
    assert len(value.encode("utf-16-le")) <= 2 * MAX_TEXT


def test_more_rows_than_excel_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from exports.services import workbooks

    monkeypatch.setattr(workbooks, "MAX_ROWS", 2)
    with pytest.raises(workbooks.TooManyRowsError, match="CSV"):
        as_workbook([("a", "b", "")] * 3)


@pytest.mark.parametrize("odd", ["texto", 7, None, [], {"file_count": "=1"}, {"file_count": None}])
def test_odd_values_of_older_programs_are_written_as_text(odd: Any) -> None:
    document = {"id": 5, "metadata": odd, "file_info": odd, "comments": {"a": 1}, "folder": -3}
    row = as_csv([as_cells(document)], BATCHES)[1]
    assert row[0] == "5"
    assert row[7] in {"0", "'=1", ""}
    assert row[-1] == "'-3"


def test_the_first_and_last_day_that_python_knows_are_written() -> None:
    document = {"id": "a", "updated_at": datetime(1, 1, 1, tzinfo=UTC)}
    assert as_csv([as_cells(document)], BATCHES)[1][13] == "0001-01-01 00:00:00"
    assert as_workbook([as_cells(document)], BATCHES).active["N2"].value == "0001-01-01 00:00:00"
