"""Reading batches from CSV, Excel and folders: what people's programs save, and what is no such."""

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from batches.rules.importing import ImportFormatError
from batches.rules.tables import MAX_ROWS, Table
from batches.services import reading
from batches.services.reading import read_content, read_path, scan_folders

Cells = list[list[Any]]


def read_csv(text: str | bytes) -> Table:
    return read_content("lista.csv", text if isinstance(text, bytes) else text.encode())


def workbook(rows: Cells) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read_sheet(rows: Cells) -> Table:
    return read_content("lista.xlsx", workbook(rows))


def with_sheet_xml(content: bytes, xml: bytes) -> bytes:
    """Return a workbook whose first sheet says this instead."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, xml if name.endswith("sheet1.xml") else old.read(name))
    return file.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_separator_and_encoding_that_spreadsheets_save(separator: str, encoding: str) -> None:
    text = f"Batch ID{separator}Responsable\r\nbatch_1{separator}Íñigo\r\n"
    assert read_csv(text.encode(encoding)).entries == [{"id": "batch_1", "assignee": "Íñigo"}]


def test_an_old_excel_encoding_is_read_and_said() -> None:
    table = read_csv("id,notas\nbatch_1,Revisión\n".encode("cp1252"))
    assert table.entries == [{"id": "batch_1", "comments": "Revisión"}]
    assert table.notices == [reading.WINDOWS]


def test_a_first_line_may_name_the_separator() -> None:
    assert read_csv("sep=;\r\nid;notas\r\nbatch_1;a,b,c\r\n").entries[0] == {
        "id": "batch_1", "comments": "a,b,c",
    }  # fmt: skip


def test_quoted_cells_hold_separators_quotes_and_line_breaks() -> None:
    table = read_csv('id,notas\nbatch_1,"a, ""b""\nc\u2028d"\nbatch_2,\n')
    assert table.entries == [{"id": "batch_1", "comments": 'a, "b"\nc\u2028d'}, {"id": "batch_2"}]


def test_rows_are_numbered_as_in_the_file_and_blank_ones_ask_for_nothing() -> None:
    table = read_csv("\nid,estatus\n\nbatch_1,In\n , \nbatch_2,\n")
    assert (table.numbers, table.entries) == (
        [4, 6], [{"id": "batch_1", "status": "In"}, {"id": "batch_2"}],
    )  # fmt: skip


def test_a_list_without_heads_is_a_list_of_names() -> None:
    table = read_csv("batch_1\n000129F\n")
    assert (table.entries, table.numbers) == ([{"id": "batch_1"}, {"id": "000129F"}], [1, 2])


def test_heads_go_by_many_names_and_the_others_are_told() -> None:
    table = read_csv("LOTE,Segmentador,Fecha límite,Cliente,Versión\nbatch_1,Flor,2025-10-20,x,3\n")
    assert table.entries == [{"id": "batch_1", "assignee": "Flor", "due_date": "2025-10-20"}]
    assert table.notices == ["Columnas que no se conocen y no se leen: Cliente."]


@pytest.mark.parametrize(
    ("written", "read"),
    [("20/10/2025", "2025-10-20"), ("1-2-2025", "2025-02-01"), ("2025-10-20", "2025-10-20")],
)
def test_a_day_first_date_is_a_date(written: str, read: str) -> None:
    assert read_csv(f"id;vence\nbatch_1;{written}\n").entries[0] == {
        "id": "batch_1", "due_date": read,
    }  # fmt: skip


def test_words_for_the_states_and_thousands_are_understood() -> None:
    table = read_csv('id;estatus;mascaras totales\nbatch_1;◐ en proceso;"1,234"\n')
    assert table.entries == [{"id": "batch_1", "status": "In", "total_masks": "1234"}]


def test_what_an_export_made_harmless_comes_back_as_it_was() -> None:
    entry: Any = read_csv("id,notas\nbatch_1,'=SUM(A1)\nbatch_2,=1+1\n").entries
    assert [row["comments"] for row in entry] == ["=SUM(A1)", "=1+1"]


def test_a_sheet_brings_its_dates_numbers_and_values_of_formulas() -> None:
    table = read_sheet(
        [
            ["Batch ID", "Fecha límite", "Máscaras totales", "Notas"],
            ["batch_1", datetime(2025, 10, 20), 150.0, "=1+1"],
        ]
    )
    assert table.entries == [
        {"id": "batch_1", "due_date": "2025-10-20 00:00:00", "total_masks": "150"}
    ]


def test_a_sheet_is_known_by_its_content_whatever_its_name() -> None:
    assert read_content("lista.csv", workbook([["id"], ["batch_1"]])).entries == [{"id": "batch_1"}]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.csv", b"", "está vacío"),
        ("x.csv", b" \n;;\n", "está vacío"),
        ("x.csv", b"id,estatus\n", "no trae ningún batch"),
        ("x.csv", b"nombre,estatus\nbatch_1,In\n", "Falta la columna de los batches"),
        ("x.csv", b"id,batch\nbatch_1,batch_2\n", "está dos veces"),
        ("x.csv", b"id,notas\nbatch_1,a\0b\n", "no son texto"),
        ("x.csv", b'id,notas\nbatch_1,"' + b"x" * 140_000, "una celda enorme"),
        ("x.xlsx", b"", "dañado o vacío"),
        ("x.xlsx", b"id,estatus\n", "dañado o vacío"),
        ("x.xlsx", b"PK\x03\x04 nada", "dañado o incompleto"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel antiguo"),
        ("x.json", b"[1,\n 2,,]", "línea 2, columna 4"),
        ("x.json", b"\xff\xfe\x00", "no está en UTF-8"),
        ("x.json", b"[" * 100_000, "demasiados niveles"),
        ("x.json", b"{}", "lista de batches"),
    ],
)
def test_what_is_no_list_of_batches_is_refused_with_the_reason(
    name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(ImportFormatError, match=reason):
        read_content(name, content)


def test_a_cut_sheet_is_refused() -> None:
    content = workbook([["id"], ["batch_1"]])
    for length in (len(content) // 2, len(content) - 1):
        with pytest.raises(ImportFormatError, match="Excel"):
            read_content("x.xlsx", content[:length])


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hola.txt", "hola")
    with pytest.raises(ImportFormatError, match="que se pueda leer"):
        read_content("x.xlsx", file.getvalue())


def test_a_bomb_is_refused_before_it_is_opened() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(3):
            archive.writestr(f"xl/{number}.xml", bytes(reading.MAX_UNPACKED // 3 + 1))
    with pytest.raises(ImportFormatError, match="demasiado al descomprimirse"):
        read_content("x.xlsx", file.getvalue())


def test_a_sheet_that_says_it_never_ends_is_refused() -> None:
    rows = b'<row r="99999999999"><c r="A99999999999" t="str"><v>batch_2</v></c></row>'
    first = b'<row r="1"><c r="A1" t="str"><v>batch_1</v></c></row>'
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = b"<worksheet " + space + b"><sheetData>" + first + rows + b"</sheetData></worksheet>"
    content = with_sheet_xml(workbook([["id"]]), sheet)
    with pytest.raises(ImportFormatError, match="más filas que una hoja"):
        read_content("x.xlsx", content)


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(ImportFormatError, match=f"más de {MAX_ROWS:,} filas"):
        read_csv("id\n" + "batch_1\n" * (MAX_ROWS + 1))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ImportFormatError, match="No such file"):
        read_path(tmp_path / "nada.csv")


def test_scanning_finds_the_folders_that_are_batches(tmp_path: Path) -> None:
    for name in ("batch_000129F", "batch_T000044", "source", "images_old", "notas"):
        (tmp_path / name).mkdir()
    (tmp_path / "batch_000130F").write_text("un archivo, no una carpeta", encoding="utf-8")
    assert scan_folders(tmp_path).entries == [
        {"id": name, "folder": str(tmp_path / name)} for name in ("batch_000129F", "batch_T000044")
    ]


def test_scanning_says_when_there_is_nothing_or_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ImportFormatError, match="no hay carpetas con nombre de batch"):
        scan_folders(tmp_path)
    with pytest.raises(ImportFormatError, match="No se pudo leer la carpeta"):
        scan_folders(tmp_path / "nada")
