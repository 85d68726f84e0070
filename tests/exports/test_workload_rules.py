"""Reading a workload that came back, as spreadsheets save it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.rules.states import Status
from exports.rules.workload import (
    Accepted,
    Filled,
    WorkloadFormatError,
    parse_accepted,
    parse_filled,
    status_of,
)

HEAD = "Batch ID,Responsable,Estatus\r\n"


def asked(filled: Filled) -> list[tuple[int, str, str, str]]:
    return [(row.row, row.batch, row.responsible, str(row.status)) for row in filled.asked]


def reasons(filled: Filled) -> dict[int, str]:
    return {row.row: row.reason for row in filled.refused}


def problem(data: bytes) -> str:
    with pytest.raises(WorkloadFormatError) as refused:
        parse_filled(data)
    return str(refused.value)


def test_our_own_file_filled_in_is_read() -> None:
    filled = parse_filled((HEAD + "batch_1,Flor,S\r\nbatch_2,Flor,\r\n").encode("utf-8-sig"))
    assert asked(filled) == [(2, "batch_1", "Flor", "S")]
    assert (filled.blank, filled.refused) == (1, [])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_way_that_excel_saves_a_csv_is_read(separator: str, encoding: str) -> None:
    text = (HEAD + '"batch_000129F",Íñigo Peña,in\r\n').replace(",", separator)
    assert asked(parse_filled(text.encode(encoding))) == [(2, "batch_000129F", "Íñigo Peña", "In")]


def test_columns_may_be_moved_and_others_added() -> None:
    text = "Notas;ESTATUS;Batch  ID;Días;Responsable;\nuna, dos;S;batch_1;3;Flor;\n;;;;;\n"
    assert asked(parse_filled(text.encode())) == [(2, "batch_1", "Flor", "S")]


def test_the_line_that_names_the_separator_is_no_row() -> None:
    filled = parse_filled(("sep=;\r\n" + HEAD.replace(",", ";") + "batch_1;Flor;S\r\n").encode())
    assert asked(filled) == [(2, "batch_1", "Flor", "S")]


def test_a_name_that_was_guarded_is_read_as_it_is() -> None:
    assert asked(parse_filled((HEAD + "batch_1,'=Flor,S\n").encode()))[0][2] == "=Flor"


@pytest.mark.parametrize(
    ("text", "status"),
    [("ns", "NS"), ("No Segmentado", "NS"), (" IN ", "In"), ("Incompleto.", "In"), ("s", "S"),
     ("Segmentada", "S"), ("● S", "S"), ("x", None), ("SS", None), ("1", None)],
)  # fmt: skip
def test_a_status_is_known_by_its_letters_and_its_words(text: str, status: str | None) -> None:
    assert status_of(text) == status


def test_rows_that_cannot_be_read_are_named_and_the_others_taken() -> None:
    rows = "batch_1,Flor,S\n,Flor,S\nmesa,Flor,S\nbatch_2,Flor,listo\nbatch_1,Flor,S\n"
    filled = parse_filled((HEAD + rows).encode())
    assert asked(filled) == [(2, "batch_1", "Flor", "S")]
    assert reasons(filled) == {
        3: "falta el id del batch",
        4: "no es un id de batch",
        5: "el estatus «listo» no existe (NS, In o S)",
        6: "repetido: ya está en la fila 2",
    }


def test_rows_that_contradict_each_other_are_all_refused() -> None:
    rows = "batch_1,Flor,In\nbatch_1,Flor,S\nbatch_1,Flor,In\n"
    filled = parse_filled((HEAD + rows).encode())
    assert filled.asked == []
    assert sorted(reasons(filled)) == [2, 3, 4]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Falta la columna «Batch ID», «Responsable», «Estatus»"),
        (b"\xef\xbb\xbf", "Falta la columna"),
        (HEAD.encode(), "no trae ninguna fila"),
        ((HEAD + ",,\r\n").encode(), "no trae ninguna fila"),
        (b"Batch ID,Estatus\nbatch_1,S\n", "«Responsable»"),
        (b"Batch ID,Responsable,Estatus,Estatus\n", "«Estatus» está más de una vez"),
        (b"PK\x03\x04....", "libro de Excel"),
        (b"\x00\x01\x02\x03", "No es un archivo de texto"),
        (b"\xff\xfe\x00", "No es un archivo de texto"),
        ((HEAD + 'batch_1,"Flor,S\n').encode(), "unas comillas no cierran"),
        (b"x" * 10_000_001, "pasa de 10 MB"),
        ((HEAD + "batch_1,Flor,\n" * 50_001).encode(), "más de 50,000 filas"),
    ],
)
def test_a_file_that_is_no_workload_is_refused_whole(data: bytes, words: str) -> None:
    assert words in problem(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for file in (data, HEAD.encode() + data):
        try:
            parse_filled(file)
        except WorkloadFormatError:
            continue


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "null", "[7]", '[["batch_1","S"]]', '[["mesa","S",1]]', '[["batch_1","X",1]]',
     '[["batch_1","S","1"]]', "[" * 100_000],
)  # fmt: skip
def test_a_plan_that_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(WorkloadFormatError):
        parse_accepted(text)


def test_a_plan_comes_back_as_it_was_shown() -> None:
    expected: Sequence[Accepted] = [Accepted("batch_1", Status.SEGMENTED, 3)]
    assert parse_accepted('[["batch_1","S",3]]') == expected
