"""What is recorded beside the changes: comments, adoption, people; and undo passing over it."""

import pytest
from django.test import Client

from batches.rules.changes import Asker
from batches.services.adoption import adopt_database, finish
from batches.services.changing import change_batch
from batches.services.commenting import add_comment
from batches.services.verdicts import write_verdicts
from crew import queries as crew_queries
from crew.services import add_person, remove_person
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, MOMENT, make_batch, stored

pytestmark = pytest.mark.usefixtures("mongo")
LEAD = Asker("lider", may_edit=True)
VERDICT = {
    "kind": "corrupt",
    "reason": "cortado",
    "file_id": "a",
    "filename": "m.tar.xz",
    "checked_at": MOMENT,
}


def test_a_comment_is_an_act_without_undo(lead_client: Client) -> None:
    make_batch("batch_1")
    add_comment("batch_1", "Falta un borde", actor=ACTOR, operation="dicho")
    add_comment("batch_1", "Falta un borde", actor=ACTOR, operation="dicho")
    html = lead_client.get("/historial?kind=comment&field=comment_thread").content.decode()
    assert html.count('id="op-dicho"') == 1
    assert "«Falta un borde»" in html
    assert 'data-undo="dicho"' not in html
    assert lead_client.post("/api/undo/dicho").status_code in {404, 409}
    assert len(stored("batch_1")["comment_thread"]) == 1


def test_undo_stays_offered_after_a_comment_a_verdict_and_many_of_them(
    lead_client: Client,
) -> None:
    make_batch("batch_1", mongo_uploaded=True)
    change_batch("batch_1", {"priority": "alta"}, asker=LEAD, actor=ACTOR)
    operation = stored("batch_1")["history"][-1]["operation"]
    write_verdicts({"batch_1": VERDICT}, actor=SYNC_ACTOR, operation="verificado")
    for n in range(55):
        add_comment("batch_1", f"comentario {n}", actor=ACTOR)
    html = lead_client.get("/batch/batch_1").content.decode()
    assert f'data-undo="{operation}"' in html
    assert "Prioridad: media → alta" in html
    assert lead_client.post(f"/api/undo/{operation}").json()["restored"] == 1


def test_an_adoption_is_recorded_with_its_batches_and_once_only(lead_client: Client) -> None:
    make_batch("batch_1", assignee="")
    report = finish(adopt_database(actor=ACTOR))
    assert report.batches_changed == 1
    again = finish(adopt_database(actor=ACTOR))
    html = lead_client.get("/historial?kind=adopt").content.decode()
    assert f'id="op-{report.operation}"' in html
    assert "batch_1" in html
    assert f'id="op-{again.operation}"' not in html
    assert "data-undo" not in html


def entry_of(name: str) -> str:
    entry = main_collection("trash").find_one({"kind": "person", "key": name})
    assert entry
    return str(entry["_id"])


def test_a_person_comes_back_whole_from_the_trash(lead_client: Client) -> None:
    add_person(name="Roberto", role="Anotador", email="roberto@test.com")
    remove_person("Roberto", actor=ACTOR)
    assert "Roberto" in lead_client.get("/papelera").content.decode()
    answer = lead_client.post("/papelera/personas", {"person": entry_of("Roberto")}, follow=True)
    assert "Roberto volvió al equipo" in answer.content.decode()
    person = crew_queries.find("Roberto")
    assert (person["role"], person["email"], person["active"]) == (
        "Anotador",
        "roberto@test.com",
        True,
    )
    assert main_collection("trash").count_documents({}) == 0
    html = lead_client.get("/historial?kind=person").content.decode()
    assert "Roberto salió del equipo" in html
    assert "Roberto volvió al equipo" in html


def test_a_person_whose_name_is_taken_stays_in_the_trash(lead_client: Client) -> None:
    add_person(name="Roberto")
    remove_person("Roberto", actor=ACTOR)
    add_person(name="Roberto")
    answer = lead_client.post("/papelera/personas", {"person": entry_of("Roberto")}, follow=True)
    assert "No volvió al equipo" in answer.content.decode()
    assert crew_queries.team_size() == 1
    assert main_collection("trash").count_documents({"kind": "person"}) == 1


def test_an_account_linked_to_somebody_else_meanwhile_stays_with_them(lead_client: Client) -> None:
    people = main_collection("segmentadores")
    add_person(name="Roberto")
    people.update_one({"name": "Roberto"}, {"$set": {"login": "rob"}})
    remove_person("Roberto", actor=ACTOR)
    add_person(name="Robert")
    people.update_one({"name": "Robert"}, {"$set": {"login": "rob"}})
    lead_client.post("/papelera/personas", {"person": entry_of("Roberto")})
    assert crew_queries.person_of("rob") == "Robert"
    assert "login" not in crew_queries.find("Roberto")


def test_only_the_lead_restores_people(viewer_client: Client) -> None:
    assert viewer_client.post("/papelera/personas", {"person": "x"}).status_code == 403


def test_an_entry_that_is_gone_says_so(lead_client: Client) -> None:
    answer = lead_client.post("/papelera/personas", {"person": "x"}, follow=True)
    assert "ya no está en la papelera" in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "seen"), [("priority=alta", "batch_1"), ("review=Aprobado", "batch_2")]
)
def test_the_admin_filters_by_what_lies_in_metadata(
    lead_client: Client, query: str, seen: str
) -> None:
    make_batch("batch_1", metadata__priority="alta")
    make_batch("batch_2", metadata__review_status="Aprobado")
    html = lead_client.get(f"/admin/batches/batch/?{query}").content.decode()
    assert [name for name in ("batch_1", "batch_2") if name in html] == [seen]


def test_downloads_are_for_those_who_may(lead_client: Client, viewer_client: Client) -> None:
    add_person(name="Ana María")
    lead = lead_client.get("/batch-management").content.decode()
    assert "/api/export/segmentador/Ana%20Mar%C3%ADa" in lead
    assert "Respaldo DB" in lead
    assert "Respaldo DB" not in viewer_client.get("/batch-management").content.decode()
