"""`/batch/<id>`: who sees what, and single edits without JavaScript."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from batches.models import Batch
from crew.models import Segmenter
from segmentacion.mongo.clients import main_collection
from tests.factories import MOMENT, make_batch, stored

pytestmark = pytest.mark.usefixtures("team")

SCRIPT = "<script>alert(1)</script>"


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_lead_gets_every_field_and_the_way_to_delete(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Ceci")
    page = text(lead_client, "/batch/batch_1")
    for name in ("assignee", "status", "priority", "due_date", "folder", "comments", "total_masks"):
        assert f'id="edit-{name}"' in page
    assert "ELIMINAR" in page


def test_a_segmenter_gets_three_fields_of_an_own_batch_only(flor_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    make_batch("batch_2", assignee="Ceci")
    own = text(flor_client, "/batch/batch_1")
    assert own.count('name="seen-') == 3
    assert 'id="edit-assignee"' not in own
    assert "ELIMINAR" not in own
    assert 'id="edit"' not in text(flor_client, "/batch/batch_2")


def test_a_viewer_reads_and_gets_no_form(viewer_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    page = text(viewer_client, "/batch/batch_1")
    assert "data-change" not in page
    assert "data-comment" not in page
    answer = viewer_client.post("/batch/batch_1", {"status": "In", "version": "1"})
    assert answer.status_code == 403
    assert stored("batch_1")["status"] == "S"


def test_a_stranger_is_sent_to_the_login(stranger: Client) -> None:
    make_batch("batch_1")
    assert stranger.get("/batch/batch_1")["Location"].startswith("/login")


def test_a_plain_form_saves_what_differs_through_the_web(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", comments="uno\ndos")
    form = {
        "version": "1",
        "priority": "alta", "seen-priority": "media",
        "comments": "uno\r\ndos", "seen-comments": "uno\r\ndos",
        "total_masks": "120", "seen-total_masks": "0",
    }  # fmt: skip
    answer = lead_client.post("/batch/batch_1", form, follow=True)
    assert "Hecho. El cambio quedó guardado." in answer.content.decode()
    event = stored("batch_1")["history"][-1]
    assert event["channel"] == "web"
    fields = {change["field"]: change["new"] for change in event["changes"]}
    assert fields == {"metadata.priority": "alta", "metadata.total_masks": 120}


def test_a_form_without_changes_writes_nothing(lead_client: Client) -> None:
    make_batch("batch_1")
    form = {"version": "1", "folder": "/datos/batch_1", "seen-folder": "/datos/batch_1"}
    answer = lead_client.post("/batch/batch_1", form, follow=True)
    assert "No cambiaste nada." in answer.content.decode()
    assert stored("batch_1")["history"] == []


@pytest.mark.parametrize(
    ("form", "status", "reason"),
    [
        ({"status": "S"}, 409, "necesita responsable"),
        ({"due_date": "2025-02-30"}, 400, "due_date"),
        ({"completed_masks": "muchas"}, 400, "número entero"),
        ({"assignee": "Roberto"}, 409, "no está en el equipo"),
    ],
)
def test_what_cannot_be_is_said_on_the_page(
    lead_client: Client, form: dict[str, str], status: int, reason: str
) -> None:
    make_batch("batch_1")
    answer = lead_client.post("/batch/batch_1", {"version": "1", **form})
    assert answer.status_code == status
    assert reason in answer.content.decode()
    assert "Nada cambió." in answer.content.decode()
    assert stored("batch_1")["history"] == []


def test_what_was_refused_stays_in_the_form(lead_client: Client) -> None:
    make_batch("batch_1")
    form = {"version": "1", "status": "S", "seen-status": "NS", "comments": "lo largo que escribí"}
    page = lead_client.post("/batch/batch_1", form).content.decode()
    assert "lo largo que escribí" in page
    assert '<option value="S" selected>' in page
    assert 'name="seen-status" value="NS"' in page


def test_a_stale_form_shows_what_the_other_did_and_both_values(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    lead_client.post("/batch/batch_1", {"version": "1", "priority": "baja"})
    stale = {"version": "1", "priority": "alta", "seen-priority": "media"}
    answer = lead_client.post("/batch/batch_1", stale)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "<td>baja</td><td>alta</td>" in page
    assert "Usar lo suyo" in page
    assert stored("batch_1")["metadata"]["priority"] == "baja"
    lead_client.post("/batch/batch_1", {"version": "2", "priority": "alta"})
    assert stored("batch_1")["metadata"]["priority"] == "alta"


def test_the_conflict_comes_alone_for_a_script(lead_client: Client) -> None:
    make_batch("batch_1", version=3, comments="lo suyo")
    answer = lead_client.post(
        "/batch/batch_1", {"version": "2", "comments": SCRIPT}, headers={"HX-Request": "true"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert page.lstrip().startswith("<section")
    assert SCRIPT not in page


def test_a_comment_is_added_by_a_plain_form(flor_client: Client) -> None:
    make_batch("batch_1", assignee="Ceci")
    flor_client.post("/batch/batch_1", {"act": "comment", "text": "Falta el borde"})
    assert [said["text"] for said in stored("batch_1")["comment_thread"]] == ["Falta el borde"]
    assert "Falta el borde" in text(flor_client, "/batch/batch_1")


def test_a_viewer_does_not_comment(viewer_client: Client) -> None:
    make_batch("batch_1")
    answer = viewer_client.post("/batch/batch_1", {"act": "comment", "text": "x"})
    assert answer.status_code == 403


def test_a_reviewer_reviews_segmented_batches_only(reviewer_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    make_batch("batch_2", assignee="Flor", status="In")
    assert "reject-dialog" in text(reviewer_client, "/batch/batch_1")
    assert "reject-dialog" not in text(reviewer_client, "/batch/batch_2")
    form = {"version": "1", "review_status": "No Aprobado", "review_comment": "Falta el borde"}
    reviewer_client.post("/batch/batch_1", form)
    batch = stored("batch_1")
    assert (batch["status"], batch["metadata"]["review_status"]) == ("In", "No Aprobado")
    assert "revisora pidió corregir:" in text(reviewer_client, "/batch/batch_1")


def test_rejecting_without_a_comment_is_refused(reviewer_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    form = {"version": "1", "review_status": "No Aprobado", "review_comment": " "}
    assert reviewer_client.post("/batch/batch_1", form).status_code == 409
    assert stored("batch_1")["status"] == "S"


def test_nobody_reviews_own_work(lead_client: Client) -> None:
    main_collection(Segmenter.COLLECTION).update_one({"name": "Ceci"}, {"$set": {"login": "lider"}})
    make_batch("batch_1", assignee="Ceci", status="S")
    page = text(lead_client, "/batch/batch_1")
    assert "reject-dialog" not in page
    assert "Nadie revisa su propio trabajo" in page
    form = {"version": "1", "review_status": "Aprobado"}
    assert lead_client.post("/batch/batch_1", form).status_code == 403


def test_an_unknown_batch_is_404_in_spanish(lead_client: Client) -> None:
    page = text(lead_client, "/batch/batch_9", 404)
    assert "No hay un batch con este id" in page


def test_the_lead_restores_a_batch_from_the_trash(lead_client: Client) -> None:
    make_batch("batch_1", comments="se queda")
    lead_client.delete("/api/batches/batch_1")
    page = text(lead_client, "/batch/batch_1", 404)
    assert "Lo eliminó lider" in page
    answer = lead_client.post("/batch/batch_1", {"act": "restore"}, follow=True)
    assert "salió de la papelera" in answer.content.decode()
    assert stored("batch_1")["comments"] == "se queda"


def test_others_see_the_trash_and_do_not_restore(lead_client: Client, flor_client: Client) -> None:
    make_batch("batch_1")
    lead_client.delete("/api/batches/batch_1")
    page = text(flor_client, "/batch/batch_1", 404)
    assert "está en la papelera" in page
    assert "Restaurar" not in page
    assert flor_client.post("/batch/batch_1", {"act": "restore"}).status_code == 403
    assert main_collection(Batch.COLLECTION).count_documents({}) == 0


def test_names_comments_and_history_are_escaped(lead_client: Client) -> None:
    event = {
        "at": MOMENT, "who": SCRIPT, "channel": "web", "operation": "a" * 24, "comment": SCRIPT,
        "changes": [{"field": "comments", "old": SCRIPT, "new": SCRIPT}],
    }  # fmt: skip
    make_batch(
        f"batch_{SCRIPT}", assignee=SCRIPT, comments=SCRIPT, folder=SCRIPT, history=[event],
        comment_thread=[{"id": "1", "at": MOMENT, "who": SCRIPT, "text": SCRIPT}],
        file_info={"file_count": 1, "files": [SCRIPT], "last_file_upload": MOMENT},
        mongo_uploaded=True, metadata__review_status="No Aprobado", metadata__review_comment=SCRIPT,
    )  # fmt: skip
    page = text(lead_client, f"/batch/batch_{SCRIPT}")
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 8


@pytest.mark.parametrize(
    "odd",
    [
        {"metadata": None, "history": None, "file_info": None},
        {"metadata": "x", "history": "x", "file_info": 5, "comment_thread": "x"},
        {"history": ["x", {"changes": "x"}, {"changes": [None, {"field": 3}]}], "status": "x"},
        {"metadata": {"due_date": "31/12/2025", "total_masks": "muchas"}, "comments": None},
    ],
)
def test_older_shapes_open(lead_client: Client, odd: dict[str, Any]) -> None:
    make_batch("batch_1", **odd)
    assert "batch_1" in text(lead_client, "/batch/batch_1")


def test_a_long_history_comes_in_stretches(lead_client: Client) -> None:
    events = [
        {"at": MOMENT + timedelta(minutes=n), "who": "ana", "channel": "web", "operation": str(n),
         "changes": [{"field": "folder", "old": f"viejo-{n}", "new": f"nuevo-{n}"}]}
        for n in range(120)
    ]  # fmt: skip
    make_batch("batch_1", history=events)
    page = text(lead_client, "/batch/batch_1")
    assert page.count("timeline__one") == 50
    assert page.index("nuevo-119") < page.index("nuevo-70")
    assert "nuevo-69" not in page
    assert text(lead_client, "/batch/batch_1?events=120").count("timeline__one") == 120


def test_marks_of_the_sync_are_folded(lead_client: Client) -> None:
    marks = [
        {"at": MOMENT, "who": "sync", "channel": "sync", "operation": str(n),
         "changes": [{"field": "file_info.file_count", "old": n, "new": n + 1}]}
        for n in range(3)
    ]  # fmt: skip
    make_batch("batch_1", history=marks)
    page = text(lead_client, "/batch/batch_1")
    assert page.count('class="timeline__one ') == 1
    assert "3 veces" in page


def test_undo_is_offered_to_whoever_may(lead_client: Client, flor_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    assert "data-undo" not in text(lead_client, "/batch/batch_1")
    lead_client.post("/batch/batch_1", {"version": "1", "priority": "alta"})
    assert "data-undo" in text(lead_client, "/batch/batch_1")
    assert "data-undo" not in text(flor_client, "/batch/batch_1")
    flor_client.post("/batch/batch_1", {"version": "2", "status": "In"})
    assert "data-undo" in text(flor_client, "/batch/batch_1")


def test_the_dashboard_leads_to_it(lead_client: Client) -> None:
    make_batch("batch_1")
    assert 'href="/batch/batch_1"' in text(lead_client, "/dashboard")
