"""Changing batches over HTTP, as API.md says."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.models import Batch
from crew.models import Segmenter
from crew.services import add_person
from crew.tokens import create_token
from segmentacion.mongo.clients import main_collection
from tests.factories import batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("team")


def send(client: Client, method: str, path: str, payload: Any = None, **headers: str) -> Any:
    return client.generic(
        method, path, __import__("json").dumps(payload or {}), "application/json", headers=headers
    )


def patch(client: Client, batch_id: str, **payload: Any) -> Any:
    return send(client, "PATCH", f"/api/batches/{batch_id}", payload)


def test_it_changes_fields_and_answers_the_new_document(lead_client: Client) -> None:
    make_batch("batch_1", version=3)
    answer = patch(lead_client, "batch_1", assignee="Flor", due_date="2025-10-20", version=3)
    assert answer.status_code == 200
    batch = answer.json()["batch"]
    assert (batch["assignee"], batch["version"]) == ("Flor", 4)
    assert batch["metadata"]["due_date"] == "2025-10-20"
    assert batch["metadata"]["assigned_at"]
    event = stored("batch_1")["history"][-1]
    fields = {change["field"] for change in event["changes"]}
    assert fields == {"assignee", "metadata.due_date", "metadata.assigned_at"}
    assert (event["who"], event["channel"]) == ("lider", "web")  # a session; a token is the API


def test_a_stale_caller_gets_409_and_the_current_document(lead_client: Client) -> None:
    make_batch("batch_1", version=3, comments="lo nuevo")
    answer = patch(lead_client, "batch_1", comments="lo mío", version=2)
    assert answer.status_code == 409
    assert answer.json()["batch"]["comments"] == "lo nuevo"
    stale = send(lead_client, "PATCH", "/api/batches/batch_1", {"comments": "x"}, If_Match='"2"')
    assert stale.status_code == 409
    assert stored("batch_1")["comments"] == "lo nuevo"


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({}, 400, "ningún cambio"),
        ({"color": "rojo"}, 400, "color"),
        ({"status": "X"}, 400, "status"),
        ({"due_date": "2025-02-30"}, 400, "due_date"),
        ({"total_masks": -1}, 400, "total_masks"),
        ({"review_comment": "x"}, 400, "review_comment"),
        ({"status": "S"}, 409, "necesita responsable"),
        ({"assignee": "Roberto"}, 409, "no está en el equipo"),
        ({"review_status": "Aprobado"}, 409, "Solo se revisa"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    lead_client: Client, change: dict[str, Any], status: int, reason: str
) -> None:
    make_batch("batch_1")
    answer = patch(lead_client, "batch_1", **change)
    assert answer.status_code == status
    assert reason in answer.json()["error"]
    assert stored("batch_1")["history"] == []


def test_review_returns_a_batch_with_its_comment_and_counts_the_rework(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    assert patch(lead_client, "batch_1", review_status="No Aprobado").status_code == 409
    answer = patch(
        lead_client, "batch_1", review_status="No Aprobado", review_comment="revisar borde"
    )
    assert answer.status_code == 200
    batch = stored("batch_1")
    assert (batch["status"], batch["metadata"]["review_status"]) == ("In", "No Aprobado")
    assert batch["metadata"]["rework_count"] == 1
    assert batch["history"][-1]["comment"] == "revisar borde"


def test_a_segmenter_changes_only_own_batches(flor_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    make_batch("batch_2", assignee="Ceci")
    assert patch(flor_client, "batch_1", status="In", completed_masks=5).status_code == 200
    assert patch(flor_client, "batch_2", status="In").status_code == 403
    assert patch(flor_client, "batch_1", assignee="Ceci").status_code == 403
    assert patch(flor_client, "batch_1", review_status="Aprobado").status_code == 403
    bulk = {"select": {"ids": ["batch_2"]}, "set": {"status": "In"}}
    assert send(flor_client, "POST", "/api/batches/bulk", bulk).status_code == 403
    assert send(flor_client, "DELETE", "/api/batches/batch_1").status_code == 403


def test_a_segmenters_token_may_no_more(segmenter: User) -> None:
    make_batch("batch_2", assignee="Ceci")
    client, token = Client(), create_token("flor")
    answer = client.patch(
        "/api/batches/batch_2",
        {"status": "In"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 403


def test_nobody_reviews_own_work(lead: User, lead_client: Client) -> None:
    main_collection(Segmenter.COLLECTION).update_one({"name": "Ceci"}, {"$set": {"login": "lider"}})
    make_batch("batch_1", assignee="Ceci", status="S")
    answer = patch(lead_client, "batch_1", review_status="Aprobado")
    assert answer.status_code == 403
    assert "propio trabajo" in answer.json()["error"]


def test_bulk_changes_what_the_rules_allow_and_names_the_rest(lead_client: Client) -> None:
    make_batches([batch_document(f"batch_{n:06d}F") for n in range(100, 110)])
    make_batch("batch_000110F", assignee="Ceci", status="S")
    payload = {"select": {"range": "000100F-000110F"}, "set": {"assignee": None, "status": "S"}}
    refused = send(lead_client, "POST", "/api/batches/bulk", payload).json()
    assert (refused["matched"], refused["changed"], len(refused["refused"])) == (11, 0, 11)
    payload = {"select": {"range": "000100F-000110F"}, "set": {"assignee": "Flor"}, "dry_run": True}
    assert send(lead_client, "POST", "/api/batches/bulk", payload).json()["changed"] == 11
    assert stored("batch_000100F")["assignee"] is None
    payload["dry_run"] = False
    answer = send(lead_client, "POST", "/api/batches/bulk", payload).json()
    assert (answer["matched"], answer["changed"], answer["refused"]) == (11, 11, [])
    assert stored("batch_000110F")["assignee"] == "Flor"


@pytest.mark.parametrize(
    "select",
    [
        {"ids": ["batch_1", "lote_9", "batch_77"]},
        {"filter": {"status": "NS", "assignee": ""}},
    ],
)
def test_bulk_selects_by_list_and_by_filter(lead_client: Client, select: Any) -> None:
    make_batch("batch_1")
    payload = {"select": select, "set": {"priority": "alta"}}
    answer = send(lead_client, "POST", "/api/batches/bulk", payload).json()
    assert answer["changed"] == 1
    assert [r["id"] for r in answer["refused"]] == (
        ["lote_9", "batch_77"] if "ids" in select else []
    )


def test_undo_puts_back_and_undoing_the_undo_does_it_again(lead_client: Client) -> None:
    make_batches([batch_document(f"batch_{n}", assignee="Ceci") for n in range(5)])
    payload = {"select": {"filter": {"assignee": "Ceci"}}, "set": {"assignee": "Flor"}}
    operation = send(lead_client, "POST", "/api/batches/bulk", payload).json()["operation"]
    patch(lead_client, "batch_3", comments="después")
    undone = send(lead_client, "POST", f"/api/undo/{operation}").json()
    assert undone["restored"] == 4
    assert undone["refused"] == [{"id": "batch_3", "error": "cambió después de esta operación"}]
    assert stored("batch_1")["assignee"] == "Ceci"
    assert stored("batch_1")["metadata"]["assigned_at"] is None
    assert stored("batch_3")["assignee"] == "Flor"
    redone = send(lead_client, "POST", f"/api/undo/{undone['operation']}").json()
    assert redone["restored"] == 4
    assert stored("batch_1")["assignee"] == "Flor"
    assert stored("batch_1")["version"] == 4


def test_undoing_something_unknown_is_404(lead_client: Client) -> None:
    assert send(lead_client, "POST", "/api/undo/nada").status_code == 404


def test_deleting_goes_to_the_trash_and_can_be_undone_whole(lead_client: Client) -> None:
    make_batch("batch_1", rareza={"x": 1}, history=[{"operation": "vieja", "changes": []}])
    answer = send(lead_client, "DELETE", "/api/batches/batch_1").json()
    assert main_collection(Batch.COLLECTION).count_documents({}) == 0
    assert send(lead_client, "POST", f"/api/undo/{answer['operation']}").json()["restored"] == 1
    batch = stored("batch_1")
    assert batch["rareza"] == {"x": 1}
    assert batch["history"][0]["operation"] == "vieja"
    assert len(batch["history"]) == 2


def test_a_repeated_request_does_nothing_twice(lead_client: Client) -> None:
    make_batch("batch_1")
    for _ in range(2):
        path = "/api/batches/batch_1"
        key = {"Idempotency_Key": "pedido-0001"}
        assert send(lead_client, "PATCH", path, {"priority": "alta"}, **key).status_code == 200
        path = "/api/batches/batch_1/comments"
        key = {"Idempotency_Key": "pedido-0002"}
        assert send(lead_client, "POST", path, {"text": "Hola"}, **key).status_code == 201
    batch = stored("batch_1")
    assert len(batch["history"]) == 2
    assert [comment["text"] for comment in batch["comment_thread"]] == ["Hola"]


def test_the_next_batch_comes_by_priority_then_due_date_then_id(flor_client: Client) -> None:
    from tests.factories import MOMENT

    make_batch("batch_5", metadata__priority="media", metadata__due_date=MOMENT)
    make_batch("batch_4", metadata__priority="alta")
    make_batch("batch_3", metadata__priority="alta", metadata__due_date=MOMENT)
    make_batch("batch_2", metadata__priority="alta", metadata__due_date=MOMENT)
    make_batch("batch_1", metadata__priority="alta", assignee="Ceci")
    taken = [send(flor_client, "POST", "/api/next-batch").json()["batch"]["id"] for _ in range(4)]
    assert taken == ["batch_2", "batch_3", "batch_4", "batch_5"]
    empty = send(flor_client, "POST", "/api/next-batch")
    assert (empty.status_code, "No quedan" in empty.json()["error"]) == (409, True)


def test_the_limit_on_work_in_progress_holds(flor_client: Client, settings: Any) -> None:
    settings.WIP_LIMIT = 1
    make_batches([batch_document(f"batch_{n}") for n in range(3)])
    assert send(flor_client, "POST", "/api/next-batch").status_code == 200
    answer = send(flor_client, "POST", "/api/next-batch")
    assert answer.status_code == 409
    assert "límite es 1" in answer.json()["error"]


def test_open_work_is_transferred_evenly_and_finished_work_stays(lead_client: Client) -> None:
    add_person(name="Ana")
    make_batches([batch_document(f"batch_{n}", assignee="Flor") for n in range(6)])
    make_batch("batch_9", assignee="Flor", status="S")
    payload = {"from_person": "Flor", "to": ["Ceci", "Ana"]}
    answer = send(lead_client, "POST", "/api/transfer", payload).json()
    assert answer["changed"] == 6
    held = main_collection(Batch.COLLECTION).aggregate(
        [{"$group": {"_id": "$assignee", "n": {"$sum": 1}}}]
    )
    assert {group["_id"]: group["n"] for group in held} == {"Flor": 1, "Ceci": 3, "Ana": 3}
    assert send(lead_client, "POST", f"/api/undo/{answer['operation']}").json()["restored"] == 6


def test_reopening_finished_batches_in_bulk_clears_when_they_were_done(lead_client: Client) -> None:
    from tests.factories import MOMENT

    make_batch("batch_1", assignee="Flor", status="S", completed_at=MOMENT, reviewed_at=MOMENT,
               metadata__review_status="Aprobado")  # fmt: skip
    payload = {"select": {"ids": ["batch_1"]}, "set": {"status": "In"}}
    assert send(lead_client, "POST", "/api/batches/bulk", payload).json()["changed"] == 1
    batch = stored("batch_1")
    assert (batch["completed_at"], batch["reviewed_at"]) == (None, None)
    assert batch["metadata"]["review_status"] == "Pendiente"


def test_an_account_without_a_role_learns_nothing_by_a_stale_version() -> None:
    make_batch("batch_1", version=3)
    client = Client()
    client.force_login(User.objects.create_user("sin-rol"))
    assert patch(client, "batch_1", comments="x", version=1).status_code == 403
    assert send(client, "POST", "/api/undo/nada").status_code == 403


def test_an_unreadable_if_match_is_400(lead_client: Client) -> None:
    make_batch("batch_1")
    answer = send(lead_client, "PATCH", "/api/batches/batch_1", {"comments": "x"}, If_Match='W/"7"')
    assert answer.status_code == 400
    assert "If-Match" in answer.json()["error"]


def test_a_comment_after_a_change_does_not_stand_in_the_way_of_its_undo(
    lead_client: Client,
) -> None:
    make_batch("batch_1")
    payload = {"select": {"ids": ["batch_1"]}, "set": {"priority": "alta"}}
    operation = send(lead_client, "POST", "/api/batches/bulk", payload).json()["operation"]
    send(lead_client, "POST", "/api/batches/batch_1/comments", {"text": "Ojo"})
    assert send(lead_client, "POST", f"/api/undo/{operation}").json()["restored"] == 1
    assert stored("batch_1")["metadata"]["priority"] == "media"
    assert len(stored("batch_1")["comment_thread"]) == 1
