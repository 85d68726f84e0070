"""`/api/export/…`: names, columns, filters, roles, limits."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.test import Client

from crew.rules import Role
from crew.services import add_person
from crew.tokens import create_token
from segmentacion.env import parse_rate
from tests.factories import MOMENT, batch_document, make_batch, make_batches

pytestmark = pytest.mark.usefixtures("mongo")
ALL = ["segmentador/Flor", "all-assignments", "batches"]
HEADS = [
    "Segmentador", "Total Batches", "No Segmentados (NS)", "Incompletas (In)", "Completados (S)",
    "% Completado", "Lista de Batches",
]  # fmt: skip


def get(client: Client, path: str, status: int = 200, **headers: str) -> Any:
    answer = client.get(f"/api/export/{path}", headers=headers)
    assert answer.status_code == status, answer.getvalue()
    return answer


def rows(client: Client, path: str) -> list[list[str]]:
    text = get(client, path).getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def workbook(client: Client, path: str) -> Any:
    return openpyxl.load_workbook(io.BytesIO(get(client, path).getvalue()))


@pytest.fixture
def team() -> None:
    for name in ("Flor", "Ceci", "Ñandú"):
        add_person(name=name)
    states = {"batch_3": "S", "batch_1": "NS", "batch_2": "In"}
    given_out = datetime(2025, 10, 15, 3, 0, tzinfo=UTC)  # the 14th, here
    make_batches(
        batch_document(name, assignee="Flor", status=status, metadata__assigned_at=given_out)
        for name, status in states.items()
    )
    make_batch("batch_4", assignee="Quien se fue", status="S")
    make_batch("batch_5")


def test_a_workload_is_ordered_by_id_and_has_no_status(lead_client: Client, team: None) -> None:
    answer = get(lead_client, "segmentador/Flor")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="Flor_20251014.csv"'
    assert answer.getvalue() == (
        b"\xef\xbb\xbfBatch ID,Responsable,Estatus\r\n"
        b"batch_1,Flor,\r\nbatch_2,Flor,\r\nbatch_3,Flor,\r\n"
    )


def test_a_name_with_accents_is_in_the_header_both_ways(lead_client: Client, team: None) -> None:
    header = get(lead_client, "segmentador/Ñandú")["Content-Disposition"]
    assert 'filename="Nandu_' in header
    assert "filename*=UTF-8''%C3%91and%C3%BA_" in header


def test_an_unknown_person_is_a_404_in_json(lead_client: Client, team: None) -> None:
    answer = get(lead_client, "segmentador/Nadie", 404)
    assert answer.json() == {"success": False, "error": "'Nadie' no existe"}


def test_who_left_the_crew_with_batches_can_be_exported(lead_client: Client, team: None) -> None:
    assert rows(lead_client, "segmentador/Quien se fue")[1] == ["batch_4", "Quien se fue", ""]


def test_the_summary_has_everybody_and_the_unassigned_last(lead_client: Client, team: None) -> None:
    head, *people = rows(lead_client, "all-assignments")
    assert head == HEADS
    assert people == [
        ["Ceci", "0", "0", "0", "0", "0.0%", ""],
        ["Flor", "3", "1", "1", "1", "33.3%", "batch_1, batch_2, batch_3"],
        ["Quien se fue", "1", "0", "0", "1", "100.0%", "batch_4"],
        ["Ñandú", "0", "0", "0", "0", "0.0%", ""],
        ["Sin asignar", "1", "1", "0", "0", "0.0%", "batch_5"],
    ]
    name = get(lead_client, "all-assignments")["Content-Disposition"]
    assert name.startswith('attachment; filename="resumen_asignaciones_2')


def test_the_filters_of_the_screen_hold(lead_client: Client, team: None) -> None:
    assert [r[0] for r in rows(lead_client, "batches?status=S&sort=-id")[1:]] == [
        "batch_4", "batch_3",
    ]  # fmt: skip
    assert [r[0] for r in rows(lead_client, "batches?assignee=")[1:]] == ["batch_5"]
    assert rows(lead_client, "segmentador/Flor?status=In")[1:] == [["batch_2", "Flor", ""]]
    summary = rows(lead_client, "all-assignments?assignee=Flor&assignee=Ceci&status=S")
    assert [row[:2] for row in summary[1:]] == [["Ceci", "0"], ["Flor", "1"]]


@pytest.mark.parametrize(
    "sort", ["status", "-priority", "review_status", "-updated_at", "assignee"]
)
def test_the_order_is_that_of_the_pages(lead_client: Client, team: None, sort: str) -> None:
    page = lead_client.get(f"/api/batches?sort={sort}").json()["batches"]
    exported = json.loads(get(lead_client, f"batches?format=json&sort={sort}").getvalue())
    assert exported == page


def test_json_of_nothing_is_an_empty_list(lead_client: Client) -> None:
    assert json.loads(get(lead_client, "batches?format=json").getvalue()) == []


def test_json_beyond_one_piece_is_whole(lead_client: Client) -> None:
    make_batches(batch_document(f"batch_{n:06d}F") for n in range(1000))
    exported = json.loads(get(lead_client, "batches?format=json").getvalue())
    assert [b["id"] for b in exported] == [f"batch_{n:06d}F" for n in range(1000)]
    assert len(rows(lead_client, "batches")) == 1001


def test_the_table_shows_what_people_see_in_local_time(lead_client: Client) -> None:
    make_batch(
        "batch_1", assignee="Ana, la \"güera\"", comments="=cmd|' /C calc'!A0\nfin 😀",
        mongo_uploaded=True, updated_at=MOMENT,
        metadata__due_date=datetime(2025, 10, 20, tzinfo=UTC),
    )  # fmt: skip
    head, row = rows(lead_client, "batches")
    shown = dict(zip(head, row, strict=True))
    assert shown["Responsable"] == 'Ana, la "güera"'
    assert shown["Comentarios"] == "'=cmd|' /C calc'!A0\nfin 😀"
    assert (shown["Fecha límite"], shown["Cargado a Mongo"]) == ("2025-10-20", "Sí")
    assert shown["Actualizado"] == "2025-10-01 06:00:00"


def test_the_summary_in_excel_has_percentages_a_chart_and_the_detail(
    lead_client: Client, team: None
) -> None:
    book = workbook(lead_client, "all-assignments?format=xlsx")
    page, detail = book["Resumen del equipo"], book["Detalle"]
    assert [cell.value for cell in page[1]] == HEADS
    assert (page["F3"].value, page["F3"].number_format) == (pytest.approx(1 / 3), "0.0%")
    assert (page.freeze_panes, page.auto_filter.ref) == ("B2", "A1:G6")
    assert len(page._charts) == 1
    assert [cell.value for cell in detail["B"]][1:] == [f"batch_{n}" for n in (1, 2, 3, 4, 5)]


def test_a_workload_in_excel_offers_the_statuses(lead_client: Client, team: None) -> None:
    page = workbook(lead_client, "segmentador/Flor?format=xlsx").active
    assert [row[0] for row in page.values] == ["Batch ID", "batch_1", "batch_2", "batch_3"]
    assert page.data_validations.dataValidation[0].formula1 == '"NS,In,S"'


@pytest.mark.parametrize(
    ("query", "named"),
    [("color=rojo", "color"), ("page=2", "page"), ("format=pdf", "pdf"), ("status=X", "X")],
)
@pytest.mark.parametrize("path", ALL)
def test_what_is_not_understood_is_a_400_that_names_it(
    lead_client: Client, team: None, path: str, query: str, named: str
) -> None:
    assert named in get(lead_client, f"{path}?{query}", 400).json()["error"]


def test_only_the_list_can_be_sorted_and_be_json(lead_client: Client, team: None) -> None:
    assert "sort" in get(lead_client, "all-assignments?sort=id", 400).json()["error"]
    assert "json" in get(lead_client, "segmentador/Flor?format=json", 400).json()["error"]


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("role", list(Role))
def test_everybody_but_segmenters_may_export(
    client_of: Any, team: None, role: Role, path: str
) -> None:
    get(client_of(role), path, 403 if role is Role.SEGMENTER else 200)


@pytest.mark.parametrize("path", ALL)
def test_a_stranger_may_not(stranger: Client, path: str) -> None:
    get(stranger, path, 401)


def test_a_segmenters_token_may_not(stranger: Client, segmenter: User, team: None) -> None:
    bearer = f"Bearer {create_token('flor')}"
    assert not get(stranger, "segmentador/Flor", 403, Authorization=bearer).json()["success"]


def test_too_many_exports_are_told_when_to_come_back(
    lead_client: Client, viewer_client: Client, team: None, settings: Any
) -> None:
    settings.EXPORT_LIMIT = parse_rate("2/d")
    get(lead_client, "batches")
    get(lead_client, "all-assignments")
    refused = get(lead_client, "batches", 429)
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert refused.json()["error"].startswith("Demasiadas peticiones seguidas.")
    get(viewer_client, "batches")


def test_http_1_0_gets_the_length_since_it_has_no_chunks(lead_client: Client, team: None) -> None:
    answer = lead_client.get("/api/export/batches", SERVER_PROTOCOL="HTTP/1.0")
    assert int(answer["Content-Length"]) == len(answer.getvalue())


def test_the_menu_carries_the_filters_of_the_page(client_of: Any, team: None) -> None:
    page = client_of(Role.VIEWER).get("/dashboard?status=S&assignee=&q=&page=1&sort=-id").content
    link = b'href="/api/export/batches?status=S&amp;assignee=&amp;sort=-id&amp;format=csv"'
    assert link in page
    assert b"/api/export/" not in client_of(Role.SEGMENTER).get("/dashboard").content
