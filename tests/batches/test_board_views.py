"""The board's page, its columns a page at a time, its version, and `POST /api/distribute`."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from crew.models import Segmenter
from crew.services import add_person
from segmentacion.mongo.clients import main_collection
from tests.factories import batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("mongo")

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def crew(mongo: None) -> None:
    for name in ("Flor", "Ceci"):
        add_person(name=name)


def post(client: Client, path: str, payload: Any) -> Any:
    return client.post(path, payload, content_type="application/json")


def column_of(html: str, assignee: str) -> str:
    return html.split(f'data-assignee="{assignee}"')[1].split("</section>", maxsplit=1)[0]


def ids(html: str) -> list[str]:
    return re.findall(r'data-id="([^"]+)"', html)


def test_nobodys_column_comes_first_and_each_holds_its_own(lead_client: Client) -> None:
    make_batch("batch_1")
    make_batch("batch_2", assignee="Flor")
    html = lead_client.get("/batch-management").content.decode()
    assert re.findall(r'data-assignee="([^"]*)"', html) == ["", "Ceci", "Flor"]
    assert ids(column_of(html, "")) == ["batch_1"]
    assert ids(column_of(html, "Flor")) == ["batch_2"]


def test_segmented_batches_come_only_when_asked_for(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    assert "batch_1" not in lead_client.get("/batch-management").content.decode()
    assert "batch_1" in lead_client.get("/batch-management?done=true").content.decode()
    assert "batch_1" in lead_client.get("/batch-management?status=S").content.decode()


def test_filters_leave_out_cards_but_not_the_load(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", metadata__priority="alta")
    make_batch("batch_2", assignee="Flor", metadata__priority="baja")
    html = lead_client.get("/batch-management?priority=alta").content.decode()
    assert ids(column_of(html, "Flor")) == ["batch_1"]
    assert 'data-open="2"' in html


def test_a_filter_it_does_not_know_is_told(lead_client: Client) -> None:
    answer = lead_client.get("/batch-management?color=rojo")
    assert answer.status_code == 400
    assert "color" in answer.content.decode()


def test_someone_inactive_who_holds_work_has_a_column_nothing_can_be_given_to(
    lead_client: Client,
) -> None:
    make_batch("batch_1", assignee="Flor")
    main_collection(Segmenter.COLLECTION).update_one({"name": "Flor"}, {"$set": {"active": False}})
    html = lead_client.get("/batch-management").content.decode()
    tag = html.split('data-assignee="Flor"')[1].split(">")[0]
    assert "data-target" not in tag
    assert ids(column_of(html, "Flor")) == ["batch_1"]


def test_a_column_comes_in_pages_each_card_once(lead_client: Client) -> None:
    make_batches(batch_document(f"batch_{n:06d}F") for n in range(70))
    html = lead_client.get("/batch-management").content.decode()
    seen = ids(html)
    assert len(seen) == 30
    while link := re.search(r'hx-get="([^"]+)"', html.split("column__more")[1]):
        html = lead_client.get(link[1].replace("&amp;", "&")).content.decode()
        seen += ids(html)
        if "column__more" not in html:
            break
    assert seen == [f"batch_{n:06d}F" for n in range(70)]


def test_two_thousand_batches_answer_with_bounded_cards(lead_client: Client) -> None:
    make_batches(
        batch_document(f"batch_{n:06d}F", assignee=(None, "Flor", "Ceci")[n % 3])
        for n in range(2000)
    )
    html = lead_client.get("/batch-management").content.decode()
    assert len(ids(html)) == 90
    assert "2,000" in html
    larger = lead_client.get("/batch-management?size=99999", headers=HTMX).content.decode()
    assert len(ids(larger)) == 900


def test_a_viewer_reads_and_is_offered_nothing(viewer_client: Client) -> None:
    make_batch("batch_1")
    html = viewer_client.get("/batch-management").content.decode()
    assert "batch_1" in html
    assert 'draggable="true"' not in html
    assert "assign-dialog" not in html


def test_a_stranger_is_sent_to_the_login(stranger: Client) -> None:
    assert stranger.get("/batch-management").status_code == 302


def test_htmx_gets_the_columns_without_the_page(lead_client: Client) -> None:
    make_batch("batch_1")
    html = lead_client.get("/batch-management", headers=HTMX).content.decode()
    assert "<html" not in html
    assert ids(html) == ["batch_1"]


def test_the_version_is_304_until_something_changes(lead_client: Client) -> None:
    make_batch("batch_1")
    first = lead_client.get("/batch-management/version")
    tag = {"If-None-Match": first["ETag"]}
    assert lead_client.get("/batch-management/version", headers=tag).status_code == 304
    make_batch("batch_2")
    again = lead_client.get("/batch-management/version", headers=tag)
    assert again.status_code == 200
    assert again.json()["version"] > first.json()["version"]


def test_a_bulk_change_leaves_alone_what_another_person_moved(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Ceci")
    make_batch("batch_2")
    payload = {
        "select": {"ids": ["batch_1", "batch_2"]},
        "set": {"assignee": "Flor"},
        "seen": {"batch_1": None, "batch_2": None},
    }
    answer = post(lead_client, "/api/batches/bulk", payload).json()
    assert (answer["matched"], answer["changed"]) == (2, 1)
    [refused] = answer["refused"]
    assert refused["id"] == "batch_1"
    assert "Ceci" in refused["error"]
    assert "sin asignar" in refused["error"]
    assert stored("batch_1")["assignee"] == "Ceci"


def distribute(client: Client, **payload: Any) -> Any:
    return post(client, "/api/distribute", payload)


def test_a_distribution_is_shown_before_it_is_done(lead_client: Client) -> None:
    make_batch("batch_0", assignee="Ceci")
    make_batches(batch_document(f"batch_{n}") for n in range(1, 4))
    answer = distribute(
        lead_client,
        select={"filter": {"assignee": ""}},
        weights={"Flor": 1, "Ceci": 1},
        dry_run=True,
    ).json()
    assert answer["shares"] == [
        {"person": "Ceci", "count": 1, "before": 1, "after": 2},
        {"person": "Flor", "count": 2, "before": 0, "after": 2},
    ]
    assert (answer["matched"], answer["changed"]) == (3, 0)
    assert stored("batch_1")["assignee"] is None


def test_a_distribution_is_one_operation_undone_as_one(lead_client: Client) -> None:
    make_batches(batch_document(f"batch_{n}") for n in range(4))
    selected = [f"batch_{n}" for n in range(4)] + ["batch_9"]
    answer = distribute(
        lead_client, select={"ids": selected}, weights={"Flor": 3, "Ceci": 1}
    ).json()
    assert answer["changed"] == 4
    assert answer["refused"] == [{"id": "batch_9", "error": "no existe"}]
    assert {stored(f"batch_{n}")["assignee"] for n in range(4)} == {"Flor", "Ceci"}
    undone = post(lead_client, f"/api/undo/{answer['operation']}", {}).json()
    assert undone["restored"] == 4


@pytest.mark.parametrize(
    ("select", "weights", "reason"),
    [
        ({"ids": ["batch_1"]}, {}, "al menos a una persona"),
        ({"ids": ["batch_1"]}, {"Roberto": 1}, "Roberto"),
        ({"ids": ["batch_1"]}, {"Flor": 0}, "peso"),
        ({"filter": {"color": "rojo"}}, {"Flor": 1}, "color"),
        (None, {"Flor": 1}, "select"),
        ({"ids": ["batch_1"]}, {"Flor": "mucho"}, "no es válida"),
    ],
)
def test_a_distribution_that_makes_no_sense_says_why(
    lead_client: Client, select: Any, weights: Any, reason: str
) -> None:
    make_batch("batch_1")
    answer = distribute(lead_client, select=select, weights=weights)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert stored("batch_1")["assignee"] is None


def test_only_who_may_edit_distributes(segmenter: User, viewer_client: Client) -> None:
    make_batch("batch_1")
    client = Client()
    client.force_login(segmenter)
    for asker in (client, viewer_client):
        answer = distribute(asker, select={"ids": ["batch_1"]}, weights={"Flor": 1})
        assert answer.status_code == 403
