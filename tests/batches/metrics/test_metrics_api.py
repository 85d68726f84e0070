"""`/api/metrics/…` and `/metrics`, through the real write path."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.models import Batch
from batches.queries.counters import recount
from batches.rules.changes import Asker
from batches.services import metrics
from batches.services.changing import change_batch
from batches.services.metrics import keeping, storing
from crew.services import add_person, change_person, remove_person
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, make_batch

pytestmark = pytest.mark.usefixtures("mongo")
LEAD = Asker("lider", may_edit=True, may_review=True)
ENDPOINTS = ("summary", "team", "throughput", "burnup", "person/Flor")


@pytest.fixture(autouse=True)
def crew(mongo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LONG_SECONDS", 600.0)  # however busy this machine is
    add_person(name="Flor")
    add_person(name="Ceci")


def change(batch_id: str, **asked: Any) -> None:
    change_batch(batch_id, asked, asker=LEAD, actor=ACTOR)


@pytest.fixture
def some_work(crew: None) -> None:
    """Two batches of Flor, one finished and approved; one of Ceci; one of nobody."""
    for batch_id in ("batch_000001F", "batch_T000002", "batch_3", "batch_4"):
        make_batch(batch_id, created_at=datetime.now(UTC) - timedelta(days=30))
    for batch_id, name in (
        ("batch_000001F", "Flor"),
        ("batch_T000002", "Flor"),
        ("batch_3", "Ceci"),
    ):
        change(batch_id, assignee=name)
    change("batch_000001F", status="S")
    change("batch_000001F", review_status="Aprobado")


def get(client: Client, path: str, **params: str) -> Any:
    return client.get(f"/api/metrics/{path}", params).json()


def test_the_figures_are_those_of_what_was_just_done(lead_client: Client, some_work: None) -> None:
    figures = get(lead_client, "summary")["figures"]
    assert (figures["assigned"], figures["done"], figures["open"]) == (3, 1, 3)
    assert (figures["first_approved"], figures["first_approved_share"]) == (1, 1.0)
    change("batch_3", status="S")
    assert get(lead_client, "summary")["figures"]["done"] == 2


def test_every_shape_tells_the_same(lead_client: Client, some_work: None) -> None:
    team = get(lead_client, "team")
    assert [(one["person"], one["done"]) for one in team["people"]] == [("Ceci", 0), ("Flor", 1)]
    assert sum(week["done"] for week in get(lead_client, "throughput")["weeks"]) == 1
    last = get(lead_client, "burnup")["weeks"][-1]
    assert (last["total"], last["finished"], last["remaining"]) == (4, recount().s, 3)
    flor = get(lead_client, "person/Flor")
    assert (flor["person"], flor["figures"]["done"], flor["figures"]["open"]) == ("Flor", 1, 1)
    assert get(lead_client, "summary", person="Flor")["figures"] == flor["figures"]
    assert get(lead_client, "summary", series="T")["figures"]["done"] == 0
    assert flor["forecast"]["outcome"] == "too_few_weeks"


def test_the_table_of_a_chart_is_a_csv(lead_client: Client, some_work: None) -> None:
    answer = lead_client.get("/api/metrics/team", {"format": "csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "metricas_equipo_" in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["Persona", "Ceci", "Flor", "Todo el equipo"]
    for path in ("throughput", "burnup", "person/Flor"):
        text = lead_client.get(f"/api/metrics/{path}", {"format": "csv"}).content.decode()
        assert len(text.splitlines()) == 13


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"weeks": "x"}, "weeks"),
        ({"series": "Q"}, "series"),
        ({"priority": "urgente"}, "priority"),
        ({"from": "2025-02-30"}, "from"),
        ({"person": "Nadie"}, "Nadie"),
        ({"persona": "Flor"}, "persona"),
        ({"format": "pdf"}, "format"),
    ],
)
def test_what_cannot_be_asked_is_400_and_named(
    lead_client: Client, params: dict[str, str], named: str
) -> None:
    answer = lead_client.get("/api/metrics/team", params)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    page = lead_client.get("/metrics", params)
    assert page.status_code == 400
    assert "Eso no se puede mostrar" in page.content.decode()


def test_a_person_who_is_not_there_is_404(lead_client: Client) -> None:
    answer = lead_client.get("/api/metrics/person/Nadie")
    assert (answer.status_code, answer.json()["error"]) == (404, "person: 'Nadie' no existe")


def test_a_renamed_person_keeps_the_past_also_with_nothing_in_hand(
    lead_client: Client, some_work: None
) -> None:
    change("batch_T000002", assignee="Ceci")
    main_collection(Batch.COLLECTION).update_one(
        {"id": "batch_000001F"}, {"$set": {"assignee": "Ceci"}}
    )
    change_person("Flor", name="Florencia", actor=ACTOR)
    add_person(name="Flor")
    people = {one["person"]: one["done"] for one in get(lead_client, "team")["people"]}
    assert people == {"Ceci": 0, "Florencia": 1}
    remove_person("Florencia", actor=ACTOR, reassign_to="Ceci")
    people = {one["person"]: one["done"] for one in get(lead_client, "team")["people"]}
    assert people == {"Ceci": 0, "Florencia": 1}
    assert get(lead_client, "person/Florencia")["figures"]["done"] == 1


def test_who_left_without_ever_being_renamed_keeps_the_past(
    lead_client: Client, some_work: None
) -> None:
    add_person(name="Nora")
    for name in ("Flor", "Nora"):
        remove_person(name, actor=ACTOR, reassign_to="Ceci")
    people = {one["person"]: one["done"] for one in get(lead_client, "team")["people"]}
    assert people == {"Ceci": 0, "Flor": 1}
    assert lead_client.get("/metrics").status_code == 200


def test_a_former_name_leads_to_the_person(lead_client: Client, some_work: None) -> None:
    change_person("Flor", name="Florencia", actor=ACTOR)
    answer = get(lead_client, "person/Flor")
    assert (answer["person"], answer["figures"]["done"]) == ("Florencia", 1)


def test_a_segmenter_sees_own_figures_and_those_of_all(segmenter: User, some_work: None) -> None:
    change_person("Flor", login="flor", actor=ACTOR)
    client = Client()
    client.force_login(segmenter)
    team = get(client, "team")
    assert [one["person"] for one in team["people"]] == ["Flor"]
    assert (team["all"]["assigned"], get(client, "person/Flor")["figures"]["done"]) == (3, 1)
    for path, params in (("person/Ceci", {}), ("summary", {"person": "Ceci"})):
        answer = client.get(f"/api/metrics/{path}", params)
        assert answer.status_code == 403
    page = client.get("/metrics").content.decode()
    assert "Flor" in page
    assert "Ceci" not in page
    assert client.get("/metrics?person=Ceci").status_code == 403


def test_a_stranger_sees_nothing(stranger: Client) -> None:
    assert {stranger.get(f"/api/metrics/{path}").status_code for path in ENDPOINTS} == {401}
    assert stranger.get("/metrics").status_code == 302


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_the_page_has_a_picture_and_a_table_of_everything(
    viewer_client: Client, batches: int
) -> None:
    for number in range(batches):
        make_batch(f"batch_{number}")
    text = viewer_client.get("/metrics").content.decode()
    if not batches:
        assert "Todavía no hay batches que contar" in text
        return
    assert text.count('<svg class="chart ') == 4
    assert "No hay datos suficientes" in text
    assert text.count("<table") == 3
    assert " style=" not in text


def test_answers_are_kept_for_all_workers_until_something_is_written(
    some_work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    counted = keeping._counted
    monkeypatch.setattr(keeping, "_counted", lambda **how: made.append(1) or counted(**how))
    question = _question()
    first = metrics.ask(question, own=None, sees_all=True)
    assert metrics.ask(question, own=None, sees_all=True).figures == first.figures
    metrics.ask(_question(series="F"), own=None, sees_all=True)
    assert len(made) == 1
    # Another program writes, unseen by our data version.
    main_collection(Batch.COLLECTION).update_one({"id": "batch_4"}, {"$set": {"status": "S"}})
    finished = [
        found.figures.weeks[-1].finished
        for found in (first, metrics.ask(question, own=None, sees_all=True))
    ]
    assert finished == [1, 2]


def test_sums_whose_parts_are_gone_are_made_again(some_work: None) -> None:
    first = metrics.ask(_question(), own=None, sees_all=True)
    main_collection(storing.COLLECTION).delete_many({"part": {"$exists": True}})
    again = metrics.ask(_question(series="F"), own=None, sees_all=True)
    assert again.figures.all.done == first.figures.all.done == 1


def test_sums_in_many_parts_are_read_back_whole(
    some_work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "CELLS_OF_PART", 2)
    head, tally = keeping.make()
    kept = storing.load(head)
    assert kept is not None
    assert (kept.slices, kept.batches) == (tally.slices, tally.batches)


def test_long_sums_are_used_a_while_although_something_was_written(
    some_work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "token_of", lambda batches: None)  # a standalone server
    monkeypatch.setattr(keeping, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(keeping, "TIMES", 1_000_000)
    first = metrics.ask(_question(), own=None, sees_all=True)
    change("batch_3", status="S")
    assert metrics.ask(_question(), own=None, sees_all=True) == first
    monkeypatch.setattr(keeping, "LONGEST_USE", timedelta(0))
    assert metrics.ask(_question(), own=None, sees_all=True).figures.all.done == 2


def test_one_worker_makes_long_sums_anew_and_the_others_go_on(
    some_work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "token_of", lambda batches: None)  # a standalone server
    monkeypatch.setattr(keeping, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(keeping, "TIMES", 0)
    first = metrics.ask(_question(), own=None, sees_all=True)
    making = {"_id": storing.MAKING, "at": datetime.now(UTC) - timedelta(seconds=30)}
    main_collection(storing.COLLECTION).insert_one(making)
    change("batch_3", status="S")
    assert metrics.ask(_question(), own=None, sees_all=True) == first
    gone = {"$set": {"at": datetime.now(UTC) - timedelta(seconds=90)}}
    main_collection(storing.COLLECTION).update_one({"_id": storing.MAKING}, gone)
    assert metrics.ask(_question(), own=None, sees_all=True).figures.all.done == 2


def test_undoing_and_deleting_are_followed(lead_client: Client, some_work: None) -> None:
    client = lead_client
    body = {"status": "S", "version": client.get("/api/batches/batch_3").json()["batch"]["version"]}
    client.patch("/api/batches/batch_3", body, content_type="application/json",
                 headers={"Idempotency-Key": "terminado-1"})  # fmt: skip
    assert get(client, "summary")["figures"]["done"] == 2
    assert client.post("/api/undo/terminado-1", content_type="application/json").status_code == 200
    assert get(client, "summary")["figures"]["done"] == 1


def _question(**params: str) -> Any:
    from django.utils import timezone

    from batches.rules.metrics.asking import parse_question

    return parse_question({k: [v] for k, v in params.items()}, today=timezone.localdate())
