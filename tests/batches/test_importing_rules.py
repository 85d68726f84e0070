"""Rows of an import and the plan they make: plain Python."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.rules.importing import (
    ImportFormatError,
    ImportPlan,
    InvalidRow,
    Row,
    entries_of,
    parse_rows,
    plan_import,
)

ZONE = ZoneInfo("America/Mexico_City")
CREW = {"Flor", "Ceci"}


def rows_of(*entries: object) -> list[Row | InvalidRow]:
    return list(parse_rows(entries, ZONE))


def plan_of(*entries: object, existing: dict[str, Any] | None = None) -> ImportPlan:
    return plan_import(rows_of(*entries), existing=existing or {}, crew=CREW)


def reason_of(entry: object) -> str:
    plan = plan_of(entry)
    assert plan.new == []
    return "; ".join(plan.invalid[0].reasons)


@pytest.mark.parametrize("data", [["batch_1"], [{"id": "batch_1"}], {"batches": ["batch_1"]}])
def test_it_takes_the_three_shapes(data: object) -> None:
    (row,) = rows_of(*entries_of(data))
    assert isinstance(row, Row)
    assert row.id == "batch_1"


@pytest.mark.parametrize("data", [None, 5, "batch_1", {}, {"batches": {}}, {"batches": None}, []])
def test_it_says_what_is_wrong_with_any_other_shape(data: object) -> None:
    with pytest.raises(ImportFormatError):
        entries_of(data)


def test_it_writes_ids_the_one_way() -> None:
    ids = [row.id for row in rows_of("Batch-000129f", "T000044", "400") if isinstance(row, Row)]
    assert ids == ["batch_000129F", "batch_T000044", "batch_400"]


def test_an_id_may_come_once() -> None:
    _, repeated = rows_of("batch_000001F", {"id": "000001f"})
    assert isinstance(repeated, InvalidRow)
    assert (repeated.row, repeated.reasons) == (2, ("repetido: ya está en la fila 1",))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (5, "no es un nombre ni un objeto"),
        ({}, "falta el id"),
        ({"id": None}, "falta el id"),
        ("lote_5", "no es un id de batch"),
        ({"id": "batch_1", "folder": 7}, "folder: «7» no es un texto"),
        ({"id": "batch_1", "folder": "x" * 2000}, "demasiado largo"),
        ({"id": "batch_1", "status": "X"}, "el estatus «X» no existe"),
        ({"id": "batch_1", "status": ["S"]}, "status: «['S']» no es un texto"),
        ({"id": "batch_1", "status": "S"}, "necesita responsable"),
        ({"id": "batch_1", "assignee": "Roberto"}, "«Roberto» no está en el equipo"),
        ({"id": "batch_1", "priority": "urgente"}, "la prioridad «urgente» no existe"),
        ({"id": "batch_1", "due_date": "2025-02-30"}, "no es una fecha real"),
        ({"id": "batch_1", "metadata": {"due_date": "31/12/2025"}}, "no es una fecha real"),
        ({"id": "batch_1", "metadata": "alta"}, "metadata: debe ser un objeto"),
        ({"id": "batch_1", "total_masks": "muchas"}, "no es un número entero"),
        ({"id": "batch_1", "total_masks": "9" * 5000}, "demasiado grande"),
        ({"id": "batch_1", "total_masks": -1}, "no es un número entero"),
        ({"id": "batch_1", "$set": {"x": 1}}, "no es un nombre de campo"),
        ({"id": "batch_1", "a.b": 1}, "no es un nombre de campo"),
        ({"id": "batch_1", "review_status": "Aprobado"}, "solo se aprueba un batch segmentado"),
        (
            {"id": "batch_1", "status": "In", "review_status": "No Aprobado", "assignee": "Flor"},
            "necesita un comentario",
        ),
    ],
)
def test_it_names_what_is_wrong_with_a_row(entry: object, reason: str) -> None:
    assert reason in reason_of(entry)


def test_it_reads_fields_at_the_top_and_in_metadata() -> None:
    (row,) = rows_of(
        {
            "id": "batch_1",
            "assignee": " Flor ",
            "priority": "alta",
            "metadata": {"due_date": "2025-10-20", "assigned_at": "2025-10-14 10:30:00"},
            "cliente": "IEMSA",
        }
    )
    assert isinstance(row, Row)
    assert row.values == {
        "assignee": "Flor",
        "metadata.priority": "alta",
        "metadata.due_date": datetime(2025, 10, 20, tzinfo=UTC),
        "metadata.assigned_at": datetime(2025, 10, 14, 16, 30, tzinfo=UTC),
        "cliente": "IEMSA",
    }


def test_a_file_never_sets_what_belongs_to_this_system() -> None:
    (row,) = rows_of(
        {"id": "batch_1", "mongo_uploaded": True, "version": 9, "history": [1], "file_info": {}}
    )
    assert isinstance(row, Row)
    assert row.values == {}


def test_it_tells_new_changed_and_unchanged_apart() -> None:
    existing = {
        "batch_1": {"_id": 1, "version": 3, "folder": "/a", "status": "NS"},
        "batch_2": {"_id": 2, "version": 1, "folder": "/b", "status": "NS"},
    }
    plan = plan_of(
        {"id": "batch_1", "folder": "/nueva"},
        {"id": "batch_2", "folder": "/b"},
        {"id": "batch_3", "folder": "/c"},
        existing=existing,
    )
    assert [row.id for row in plan.new] == ["batch_3"]
    assert plan.unchanged == 1
    (change,) = plan.changed
    assert (change.id, change.version, change.values) == (
        "batch_1",
        3,
        {"folder": ("/a", "/nueva")},
    )


def test_an_odd_state_in_the_database_does_not_stop_another_field() -> None:
    existing = {"batch_1": {"_id": 1, "status": "x", "folder": "/a"}}
    assert len(plan_of({"id": "batch_1", "folder": "/b"}, existing=existing).changed) == 1


def test_rows_of_an_id_that_several_documents_share_are_invalid() -> None:
    plan = plan_import(rows_of("batch_1"), existing={}, crew=CREW, ambiguous={"batch_1"})
    assert "adopt_database" in plan.invalid[0].reasons[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
fields = st.sampled_from(
    ["id", "folder", "assignee", "status", "comments", "metadata", "priority", "due_date", "otro"]
)


@given(st.lists(json_values | st.dictionaries(fields, json_values, max_size=6), max_size=6))
def test_any_json_becomes_a_plan_that_accounts_for_every_row(entries: list[object]) -> None:
    plan = plan_import(parse_rows(entries, ZONE), existing={}, crew=CREW)
    assert len(plan.new) + len(plan.invalid) == len(entries)
    assert all(row.reasons for row in plan.invalid)
