"""What is kept of rows never shows anything but what is in the database."""

import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client

from batches.models import Batch
from batches.views import dashboard, rows
from crew.rules import Role
from crew.services import add_person
from segmentacion.http import etags
from segmentacion.http.kept_rows import KeptRows
from segmentacion.mongo.clients import main_collection
from tests.factories import batch_document, make_batch, make_batches

pytestmark = pytest.mark.usefixtures("team")


@pytest.fixture(autouse=True)
def no_half_minute_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept ends with each half minute: not in the middle of a test."""
    monkeypatch.setattr(etags, "_stretch", lambda: 0)


def table(client: Client, query: str = "") -> str:
    return client.get(f"/dashboard{query}", headers={"HX-Request": "true"}).content.decode()


def patch(client: Client, batch_id: str, **values: Any) -> None:
    answer = client.patch(f"/api/batches/{batch_id}", values, "application/json")
    assert answer.status_code == 200


def test_a_change_shows_at_once_in_table_and_list(lead_client: Client) -> None:
    make_batches([batch_document(f"batch_{number}") for number in range(3)])
    for assignee in ("Flor", "Ceci", "Flor"):
        patch(lead_client, "batch_1", assignee=assignee)
        shown = lead_client.get("/api/batches").json()["batches"]
        assert [batch["assignee"] for batch in shown] == [None, assignee, None]
        assert table(lead_client).count(f'data-value="{assignee}"') == 1


def test_each_query_has_its_own_answer(lead_client: Client) -> None:
    make_batches(
        [batch_document("batch_1", status="S", assignee="Flor"), batch_document("batch_2")]
    )
    for _ in range(2):
        for status, batch_id in (("S", "batch_1"), ("NS", "batch_2")):
            shown = lead_client.get(f"/api/batches?status={status}").json()["batches"]
            assert [batch["id"] for batch in shown] == [batch_id]
            assert table(lead_client, f"?status={status}").count("<tr tabindex") == 1


def test_who_may_not_edit_gets_no_controls_of_who_may(
    lead_client: Client, viewer_client: Client
) -> None:
    make_batch("batch_1")
    assert "data-edit" in table(lead_client)
    assert "data-edit" not in table(viewer_client)
    assert "data-edit" in table(lead_client)


def test_odd_values_are_shown_though_they_cannot_be_kept(lead_client: Client) -> None:
    make_batch("batch_1", metadata={"due_date": ["ayer"]}, assignee={"raro": 1})
    assert "raro" in table(lead_client)


def test_another_program_s_change_shows_at_once(lead_client: Client) -> None:
    make_batch("batch_1")
    assert "Maggie" not in table(lead_client).partition("<tbody>")[2]
    main_collection(Batch.COLLECTION).update_one({}, {"$set": {"assignee": "Maggie"}})
    assert "Maggie" in table(lead_client).partition("<tbody>")[2]
    assert lead_client.get("/api/batches").json()["batches"][0]["assignee"] == "Maggie"


def test_only_so_many_rows_are_kept(lead_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    few = KeptRows("dashboard/row.html", most=5)
    monkeypatch.setattr(rows, "_rows", few)
    make_batches([batch_document(f"batch_{number}") for number in range(20)])
    assert table(lead_client).count("<tr tabindex") == 20
    assert len(few) == 5


PARTS = (
    "/dashboard",
    "/dashboard?status=S",
    "/dashboard?color=rojo",
    "/dashboard?per_page=1&page=2",
    "/batch-management",
    "/batch-management?assignee=Flor",
    "/batch-management?color=rojo",
)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("part", PARTS)
def test_table_and_board_say_nothing_of_who_looks_but_what_they_may(
    groups: dict[Role, Group], role: Role, part: str
) -> None:
    make_batches(
        [batch_document("batch_1", assignee="Flor", status="S"), batch_document("batch_2")]
    )
    shown = []
    for name, staff in (("flor", False), ("ceci", True)):
        user = User.objects.create_user(name, f"{name}@example.org", is_staff=staff)
        user.groups.add(groups[role])
        client = Client()
        client.force_login(user)
        cache.clear()
        answers = [client.get(part, headers={"HX-Request": "true"}).content for _ in range(2)]
        assert answers[0] == answers[1]
        shown.append(answers[0])
    assert shown[0] == shown[1]


def test_the_board_follows_the_crew_too(lead_client: Client) -> None:
    def columns() -> str:
        return lead_client.get("/batch-management", headers={"HX-Request": "true"}).content.decode()

    make_batch("batch_1")
    assert "Noelia" not in columns()
    add_person(name="Noelia")
    assert "Noelia" in columns()


def test_the_table_is_made_once_for_all_who_may_do_the_same(
    groups: dict[Role, Group], lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_batch("batch_1")
    clients = []
    for name in ("flor", "ceci"):
        user = User.objects.create_user(name)
        user.groups.add(groups[Role.VIEWER])
        client = Client()
        client.force_login(user)
        clients.append(client)
    made: list[int] = []
    make = dashboard._table

    def counted(request: HttpRequest, version: int) -> HttpResponse:
        made.append(1)
        return make(request, version)

    monkeypatch.setattr(dashboard, "_table", counted)
    for _ in range(2):
        for client in clients:
            assert "batch_1" in table(client)
    assert len(made) == 1
    assert "data-edit" in table(lead_client)
    make_batch("batch_2")
    assert all("batch_2" in table(client) for client in clients)
    assert len(made) == 3


def test_a_card_of_the_board_shows_a_change_at_once_and_no_controls_to_who_may_not(
    lead_client: Client, viewer_client: Client
) -> None:
    def board(client: Client) -> str:
        return client.get("/batch-management").content.decode()

    make_batches([batch_document(f"batch_{number}") for number in range(3)])
    for priority in ("alta", "baja", "alta"):
        patch(lead_client, "batch_1", priority=priority)
        card = board(lead_client).partition('data-id="batch_1"')[2].partition("</li>")[0]
        assert priority in card.lower()
    assert board(lead_client).count('aria-selected="false" draggable="true" tabindex="0"') == 1
    assert 'draggable="true"' not in board(viewer_client)
    assert 'draggable="true"' in board(lead_client)
    more = lead_client.get("/batch-management/column?assignee=&cursor=batch_1").content.decode()
    assert ("batch_2" in more, 'tabindex="0"' in more) == (True, False)


def test_many_who_ask_at_once_have_it_made_once(
    lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(etags, "TURN_SECONDS", 60.0)
    make_batch("batch_1")
    made: list[int] = []
    make = dashboard._table

    def slow(request: HttpRequest, version: int) -> HttpResponse:
        made.append(1)
        time.sleep(0.05)
        return make(request, version)

    monkeypatch.setattr(dashboard, "_table", slow)
    together, shown = threading.Barrier(6), []

    def ask() -> None:
        client = Client()
        client.force_login(lead)
        together.wait()
        shown.append("batch_1" in table(client))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (shown, made) == ([True] * 6, [1])
