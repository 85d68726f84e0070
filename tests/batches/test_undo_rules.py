"""What undo asks before it puts something back: the rules, and who is asking."""

import json
from typing import Any

import pytest
from django.test import Client

from batches.models import Batch
from batches.rules.changes import FIELDS, Asker, NotAllowedRefusal, Situation, plan_change
from batches.services.changing import change_batch
from batches.services.people import BatchWork
from batches.services.undoing import NotUndoableError, undo
from crew.services import change_person, remove_person, rename_person
from segmentacion.actors import Actor, Channel
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, MOMENT, make_batch, stored

pytestmark = pytest.mark.usefixtures("team")

LEAD = Asker("lider", may_edit=True, may_review=True)
FLOR = Asker("flor", person="Flor", may_work=True)
REVIEWER = Asker("revisora", may_review=True)
VIEWER = Asker("lectora")


def change(asker: Asker, **asked: Any) -> str:
    """Change batch_1 and return the operation."""
    actor = Actor(asker.account, Channel.WEB)
    change_batch("batch_1", asked, asker=asker, actor=actor)
    operation: str = stored("batch_1")["history"][-1]["operation"]
    return operation


def refused(operation: str, asker: Asker = LEAD) -> str:
    """Undo, and return why batch_1 stayed; "" when it went back."""
    before = stored("batch_1")
    report = undo(operation, asker=asker, actor=ACTOR)
    if report.restored:
        return ""
    assert stored("batch_1") == before
    return report.refused[0][1]


def test_open_work_does_not_go_back_to_somebody_inactive() -> None:
    make_batch("batch_1", assignee="Ceci", status="In")
    operation = change(LEAD, assignee="Flor")
    change_person("Ceci", actor=ACTOR, active=False)
    assert refused(operation) == "«Ceci» no está en activo"


def test_finished_work_goes_back_to_somebody_inactive() -> None:
    make_batch("batch_1", assignee="Ceci", status="S")
    operation = change(LEAD, assignee="Flor")
    change_person("Ceci", actor=ACTOR, active=False)
    assert refused(operation) == ""


def test_a_state_that_the_rules_forbid_does_not_come_back() -> None:
    make_batch("batch_1", status="S")  # from an older program: segmented by nobody
    assert "responsable" in refused(change(LEAD, assignee="Flor"))


def test_what_was_against_the_rules_anyway_is_no_reason() -> None:
    make_batch("batch_1", status="S")
    assert refused(change(LEAD, priority="alta")) == ""


def test_a_segmenter_undoes_own_acts_while_the_batch_is_theirs() -> None:
    make_batch("batch_1", assignee="Flor")
    assert refused(change(FLOR, status="In"), FLOR) == ""
    operation = change(FLOR, status="In")
    values = {"$set": {"assignee": "Ceci"}}  # as another program would
    main_collection(Batch.COLLECTION).update_one({"id": "batch_1"}, values)
    assert refused(operation, FLOR) == "ya no es tuyo"


def test_a_reviewer_undoes_an_own_verdict() -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    operation = change(REVIEWER, review_status="No Aprobado", review_comment="borde")
    assert refused(operation, VIEWER) == "tu cuenta no puede hacer este cambio"
    assert refused(operation, REVIEWER) == ""
    assert stored("batch_1")["status"] == "S"


def test_giving_back_the_next_batch_and_taking_it_again(flor_client: Client) -> None:
    make_batch("batch_1")
    key = {"Idempotency-Key": "tomar-0001"}
    assert flor_client.post("/api/next-batch", headers=key).status_code == 200
    undone = flor_client.post("/api/undo/tomar-0001").json()
    assert (undone["restored"], stored("batch_1")["assignee"]) == (1, None)
    again = flor_client.post(f"/api/undo/{undone['operation']}").json()
    assert (again["restored"], stored("batch_1")["assignee"]) == (1, "Flor")


def test_what_undo_does_not_do_says_what_to_do_instead() -> None:
    make_batch("batch_1", assignee="Ceci")
    rename_person("Ceci", "Cecilia", actor=ACTOR)
    operation = stored("batch_1")["history"][-1]["operation"]
    with pytest.raises(NotUndoableError, match="nombre anterior"):
        undo(operation, asker=LEAD, actor=ACTOR)


def test_renaming_and_removing_somebody_is_seen_by_open_pages() -> None:
    make_batch("batch_1", assignee="Ceci")
    seen = versions.current("batches")
    rename_person("Ceci", "Cecilia", actor=ACTOR)
    renamed = versions.current("batches")
    remove_person("Cecilia", actor=ACTOR, reassign_to="Flor")
    assert seen < renamed < versions.current("batches")
    assert BatchWork().held_by("Flor") == 1


VALUES: dict[str, Any] = {
    "assignee": "Ceci",
    "status": "In",
    "comments": "x",
    "folder": "/x",
    "priority": "alta",
    "due_date": None,
    "review_status": "Pendiente",
    "total_masks": 3,
    "completed_masks": 2,
    "review_comment": "x",
}
MAY = {
    "Líder": (LEAD, set(FIELDS)),
    "Revisor": (REVIEWER, {"review_status", "review_comment"}),
    "Segmentador": (FLOR, {"status", "completed_masks", "comments"}),
    "Lectura": (VIEWER, set()),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("role", MAY)
def test_each_role_changes_its_own_fields_and_no_others(role: str, field: str) -> None:
    asker, fields = MAY[role]
    current = Situation("Flor", "NS", "Pendiente")
    crew, asked = ["Flor", "Ceci"], {field: VALUES[field]}
    if field in fields:
        plan_change(current, asked, asker=asker, crew=crew, now=MOMENT)
        return
    with pytest.raises(NotAllowedRefusal):
        plan_change(current, asked, asker=asker, crew=crew, now=MOMENT)


def test_a_reviewer_comments_in_the_thread_and_not_over_the_segmenters_text(
    reviewer_client: Client,
) -> None:
    make_batch("batch_1", assignee="Flor", comments="En proceso")
    path = "/api/batches/batch_1"
    body = json.dumps({"comments": "otra cosa"})
    assert reviewer_client.patch(path, body, "application/json").status_code == 403
    said = reviewer_client.post(f"{path}/comments", {"text": "Hola"}, "application/json")
    assert said.status_code == 201
    assert stored("batch_1")["comments"] == "En proceso"
