"""`/papelera`: seeing what was deleted, putting it back, emptying it."""

import pytest
from django.test import Client

from batches.models import Batch
from batches.services import trash
from crew.services import add_person, change_person
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("mongo")


def throw_away(*ids: str) -> None:
    documents = [batch_document(batch_id, comments="entero") for batch_id in ids]
    make_batches(documents)
    trash.delete([d["_id"] for d in documents], actor=ACTOR, operation="borrado")


def lying() -> list[str]:
    return sorted(entry["key"] for entry in main_collection("trash").find())


def entry_of(batch_id: str) -> str:
    entry = main_collection("trash").find_one({"key": batch_id})
    assert entry
    return str(entry["_id"])


def test_it_lists_who_deleted_what_and_why(lead_client: Client) -> None:
    throw_away("batch_1")
    html = lead_client.get("/papelera").content.decode()
    assert all(text in html for text in ("batch_1", "lider", "eliminado", "1 batch"))


def test_an_empty_trash_says_what_it_is_for(lead_client: Client) -> None:
    html = lead_client.get("/papelera").content.decode()
    assert "La papelera está vacía" in html
    assert "VACIAR" not in html


def test_the_chosen_come_back_whole_and_the_others_stay(lead_client: Client) -> None:
    throw_away("batch_1", "batch_2")
    answer = lead_client.post(
        "/papelera/restaurar", {"entry": [entry_of("batch_1")]}, follow=True
    ).content.decode()
    assert "1 batch volvió" in answer
    assert stored("batch_1")["comments"] == "entero"
    assert lying() == ["batch_2"]


def test_who_was_renamed_meanwhile_gets_the_batch_back_by_the_new_name(
    lead_client: Client,
) -> None:
    add_person(name="Flor")
    make_batch("batch_1", assignee="Flor", status="In")
    trash.delete([stored("batch_1")["_id"]], actor=ACTOR, operation="borrado")
    change_person("Flor", name="Florencia", actor=ACTOR)
    add_person(name="Flor")
    lead_client.post("/papelera/restaurar", {"entry": [entry_of("batch_1")]})
    came = stored("batch_1")
    assert came["assignee"] == "Florencia"
    event = came["history"][-1]
    assert event["changes"][1] == {"field": "assignee", "old": "Flor", "new": "Florencia"}
    undone = lead_client.post(f"/api/undo/{event['operation']}").json()
    assert (undone["restored"], lying()) == (1, ["batch_1"])


def test_one_whose_id_is_taken_stays_and_is_named(lead_client: Client) -> None:
    throw_away("batch_1")
    make_batch("batch_1")
    answer = lead_client.post(
        "/papelera/restaurar", {"entry": [entry_of("batch_1")]}, follow=True
    ).content.decode()
    assert "batch_1 sigue en la papelera" in answer
    assert lying() == ["batch_1"]


def test_emptying_asks_for_the_word(lead_client: Client) -> None:
    throw_away("batch_1")
    until = lead_client.get("/papelera").context["until"]
    for word in ("", "vaciar", "OTRA"):
        lead_client.post("/papelera/vaciar", {"word": word, "until": until})
    assert lying() == ["batch_1"]
    lead_client.post("/papelera/vaciar", {"word": "VACIAR", "until": until})
    assert lying() == []
    record = main_collection("operations").find_one({"kind": "empty"})
    assert record
    assert (record["who"], record["changed"]) == ("lider", 1)


def test_emptying_leaves_what_came_after_the_page_was_seen(lead_client: Client) -> None:
    throw_away("batch_1")
    until = lead_client.get("/papelera").context["until"]
    throw_away("batch_2")
    lead_client.post("/papelera/vaciar", {"word": "VACIAR", "until": until})
    assert lying() == ["batch_2"]


def test_it_is_for_who_may_delete(viewer_client: Client) -> None:
    assert viewer_client.get("/papelera").status_code == 403
    assert viewer_client.post("/papelera/restaurar").status_code == 403
    assert viewer_client.post("/papelera/vaciar", {"word": "VACIAR"}).status_code == 403


def test_many_go_to_the_trash_at_once_by_the_word_and_the_count(lead_client: Client) -> None:
    make_batches([batch_document(f"batch_{n}") for n in range(3)])

    def delete(**payload: object) -> int:
        body = {"select": {"filter": {"status": "NS"}}, **payload}
        path = "/api/batches/bulk/delete"
        return lead_client.post(path, body, content_type="application/json").status_code

    assert delete(count=3) == 400
    assert delete(count=2, word="ELIMINAR") == 409
    assert delete(count=3, word="ELIMINAR", operation="borrado-1") == 200
    assert main_collection(Batch.COLLECTION).count_documents({}) == 0
    assert lead_client.post("/api/undo/borrado-1").json()["restored"] == 3
