"""Batches in the admin: looked at, prioritised, moved to the trash."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.models import Batch
from batches.rules.changes import Asker
from batches.services import trash
from batches.services.changing import change_batch
from crew.services import add_person
from segmentacion.mongo import trash as kept
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, MOMENT, make_batch, stored

pytestmark = pytest.mark.usefixtures("three")

LIST = "/admin/batches/batch/"


@pytest.fixture
def three(mongo: None) -> None:
    add_person(name="Flor")
    make_batch("batch_000129F", assignee="Flor", status="In", metadata__due_date=MOMENT)
    make_batch("batch_T000044", mongo_uploaded=True, metadata__priority="alta")
    make_batch("batch_400", assignee="", metadata="perdida", file_info=None)


def listed(client: Client, **params: str) -> list[str]:
    page = client.get(LIST, params)
    assert page.status_code == 200
    return [batch.batch_id for batch in page.context["cl"].result_list]


def page_of(client: Client, batch_id: str) -> Any:
    return client.get(f"{LIST}{stored(batch_id)['_id']}/change/")


def act(client: Client, action: str, *ids: str) -> str:
    keys = [str(stored(batch_id)["_id"]) for batch_id in ids]
    answer = client.post(LIST, {"action": action, "_selected_action": keys}, follow=True)
    return answer.content.decode()


def test_the_list_is_in_order_and_shows_odd_documents_too(lead_client: Client) -> None:
    assert listed(lead_client) == ["batch_000129F", "batch_400", "batch_T000044"]
    text = lead_client.get(LIST).content.decode()
    assert "1 oct 2025" in text
    assert "alta" in text


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({"status": "In"}, ["batch_000129F"]),
        ({"assignee": "Flor"}, ["batch_000129F"]),
        ({"assignee": "-"}, ["batch_400", "batch_T000044"]),
        ({"uploaded": "1"}, ["batch_T000044"]),
        ({"uploaded": "0", "status": "NS"}, ["batch_400"]),
        ({"q": "000"}, ["batch_000129F", "batch_T000044"]),
        ({"q": "Batch-t0000"}, ["batch_T000044"]),
        ({"q": "129F"}, []),
    ],
)
def test_the_list_is_filtered_and_searched(
    lead_client: Client, params: dict[str, str], ids: list[str]
) -> None:
    assert listed(lead_client, **params) == ids


def test_a_batch_is_shown_with_its_history_and_without_a_form(lead_client: Client) -> None:
    lead = Asker("lider", may_edit=True)
    change_batch("batch_000129F", {"comments": "<b>borde</b>"}, asker=lead, actor=ACTOR)
    text = page_of(lead_client, "batch_000129F").content.decode()
    assert "&lt;b&gt;borde&lt;/b&gt;" in text
    assert "lider" in text
    assert 'name="_save"' not in text
    assert page_of(lead_client, "batch_400").status_code == 200


def test_nothing_is_added_changed_or_deleted_by_a_form(lead_client: Client) -> None:
    key = stored("batch_400")["_id"]
    for path in ("add/", f"{key}/delete/", f"{key}/change/"):
        assert lead_client.post(f"{LIST}{path}", {"batch_id": "batch_1"}).status_code == 403
    act(lead_client, "delete_selected", "batch_400")
    assert main_collection(Batch.COLLECTION).count_documents({}) == 3


@pytest.mark.parametrize(
    ("action", "priority"), [("to_high", "alta"), ("to_medium", "media"), ("to_low", "baja")]
)
def test_priorities_are_set_with_history(lead_client: Client, action: str, priority: str) -> None:
    text = act(lead_client, action, "batch_000129F", "batch_T000044")
    assert f"Prioridad {priority} en" in text
    for batch_id in ("batch_000129F", "batch_T000044"):
        assert stored(batch_id)["metadata"]["priority"] == priority
    changed = [e for i in ("batch_000129F", "batch_T000044") for e in stored(i)["history"]]
    assert {(event["who"], event["channel"]) for event in changed} == {("lider", "admin")}


def test_what_is_refused_is_named(lead_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from batches import admin
    from batches.services.bulk import BulkReport

    report = BulkReport("op", changed=1, refused=[("batch_400", "cambió mientras tanto")])
    monkeypatch.setattr(admin, "change_many", lambda *args, **kwargs: report)
    text = act(lead_client, "to_high", "batch_000129F", "batch_400")
    assert "Prioridad alta en 1 batches." in text
    assert "batch_400: cambió mientras tanto" in text


def test_batches_go_to_the_trash(lead_client: Client) -> None:
    assert "Batches en la papelera: 2." in act(
        lead_client, "to_trash", "batch_400", "batch_T000044"
    )
    assert {entry["key"] for entry in kept.of_kind("batch")} == {"batch_400", "batch_T000044"}
    assert {(entry["who"], entry["channel"]) for entry in kept.of_kind("batch")} == {
        ("lider", "admin")
    }


def test_those_that_stay_are_said(lead_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "delete", lambda *args, **kwargs: 0)
    assert "siguen en su lugar" in act(lead_client, "to_trash", "batch_400")


def test_staff_without_the_role_sees_no_batches(viewer: User, viewer_client: Client) -> None:
    viewer.is_staff = True
    viewer.save()
    assert viewer_client.get(LIST).status_code == 403
    assert "/admin/batches/" not in viewer_client.get("/admin/").content.decode()
