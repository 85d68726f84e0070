"""The crew in the admin: adding, renaming, deactivating, and what removing asks."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from crew import queries, services
from segmentacion.mongo import trash
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("flor_and_ceci")

PEOPLE = "/admin/crew/segmenter/"
# What a browser sends of a form in which nothing was chosen.
SENT = {"csrfmiddlewaretoken": "of-the-page"}


@pytest.fixture
def flor_and_ceci(mongo: None) -> None:
    services.add_person(name="Flor", email="flor@test.com")
    services.add_person(name="Ceci", role="Revisora")


def address(name: str, page: str) -> str:
    return f"{PEOPLE}{queries.find(name)['_id']}/{page}/"


def form(**changes: str) -> dict[str, str]:
    """Return what the form sends for Flor, with changes."""
    given = {"name": "Flor", "role": "Segmentador", "email": "flor@test.com", "active": "true"}
    return given | {"login": ""} | changes


def act(client: Client, action: str, *names: str) -> None:
    keys = [str(queries.find(name)["_id"]) for name in names]
    client.post(PEOPLE, {"action": action, "_selected_action": keys})


def active(name: str) -> bool:
    return queries.find(name)["active"]


def test_the_list_shows_people_with_their_load(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="In")
    make_batch("batch_2", assignee="Flor", status="NS")
    page = lead_client.get(PEOPLE).content.decode()
    assert "Flor" in page
    assert "2 (1 · 1 · 0)" in page


def test_the_list_is_searched_by_name_and_by_email(lead_client: Client) -> None:
    for text in ("Flo", "flor@test"):
        page = lead_client.get(PEOPLE, {"q": text}).content.decode()
        assert "Flor" in page
        assert "Ceci" not in page


def test_the_list_is_filtered_by_who_is_active(lead_client: Client) -> None:
    services.change_person("Ceci", actor=ACTOR, active=False)
    page = lead_client.get(PEOPLE, {"active__exact": "1"}).content.decode()
    assert "Flor" in page
    assert "Ceci" not in page


def test_a_person_is_added(lead_client: Client) -> None:
    answer = lead_client.post(f"{PEOPLE}add/", form(name="  Ana   María ", email=""))
    assert answer.status_code == 302
    assert queries.names() == ["Ana María", "Ceci", "Flor"]
    assert active("Ana María")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "obligatorio"),
        ({"name": "Ceci"}, "ya existe"),
        ({"name": "x" * 81}, "80"),
        ({"name": "Ana", "email": "sin arroba"}, "correo"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_said(
    lead_client: Client, changes: dict[str, str], said: str
) -> None:
    answer = lead_client.post(f"{PEOPLE}add/", form(**changes))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert queries.names() == ["Ceci", "Flor"]


def test_renaming_takes_the_batches_along_and_says_how_many(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    answer = lead_client.post(address("Flor", "change"), form(name="Florencia"), follow=True)
    assert "cambió de nombre: 1." in answer.content.decode()
    batch = stored("batch_1")
    assert batch["assignee"] == "Florencia"
    assert (batch["history"][-1]["who"], batch["history"][-1]["channel"]) == ("lider", "admin")


def test_renaming_to_a_taken_name_is_refused(lead_client: Client) -> None:
    answer = lead_client.post(address("Flor", "change"), form(name="Ceci"))
    assert "ya existe" in answer.content.decode()
    assert queries.names() == ["Ceci", "Flor"]


def test_a_person_of_an_older_program_is_renamed_and_stays_active(lead_client: Client) -> None:
    main_collection("segmentadores").insert_one({"_id": "vieja-1", "name": "Rosa"})
    lead_client.post(address("Rosa", "change"), form(name="Rosita", email="", active="unknown"))
    assert queries.names(active_only=True) == ["Ceci", "Flor", "Rosita"]


def test_changing_one_field_leaves_the_others(lead_client: Client) -> None:
    lead_client.post(address("Flor", "change"), form(role="Revisora"))
    person = queries.find("Flor")
    assert (person["role"], person["email"], person["active"]) == (
        "Revisora",
        "flor@test.com",
        True,
    )


def test_people_are_deactivated_and_activated_from_the_list(lead_client: Client) -> None:
    act(lead_client, "deactivate", "Flor", "Ceci")
    assert not active("Flor")
    assert not active("Ceci")
    act(lead_client, "activate", "Flor")
    assert active("Flor")
    assert not active("Ceci")


def test_nobody_is_removed_in_bulk(lead_client: Client) -> None:
    assert "delete_selected" not in lead_client.get(PEOPLE).content.decode()
    act(lead_client, "delete_selected", "Flor")
    assert queries.names() == ["Ceci", "Flor"]


def test_removing_asks_what_becomes_of_the_work(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    page = lead_client.get(address("Flor", "delete")).content.decode()
    assert "Tiene 1 batch" in page
    assert 'value="reassign"' in page
    assert 'value="unassign"' in page
    assert '<option value="Ceci">' in page
    assert '<option value="Flor">' not in page


def test_somebody_without_work_is_removed_without_a_question(lead_client: Client) -> None:
    page = lead_client.get(address("Flor", "delete")).content.decode()
    assert "No tiene batches" in page
    lead_client.post(address("Flor", "delete"), SENT)
    assert queries.names() == ["Ceci"]
    assert [kept["key"] for kept in trash.of_kind("person")] == ["Flor"]


def test_removing_with_work_and_no_answer_removes_nobody(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    answer = lead_client.post(address("Flor", "delete"), SENT)
    assert "di a quién se pasan" in answer.content.decode()
    assert "Flor" in queries.names()
    assert stored("batch_1")["assignee"] == "Flor"


def test_removing_to_pass_the_work_on_needs_to_whom(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    answer = lead_client.post(address("Flor", "delete"), {"fate": "reassign", "reassign_to": ""})
    assert "Elige a quién se pasan" in answer.content.decode()
    assert "Flor" in queries.names()


def test_removing_can_pass_the_work_on(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    answer = lead_client.post(
        address("Flor", "delete"), {"fate": "reassign", "reassign_to": "Ceci"}, follow=True
    )
    assert "Segmentador &#x27;Flor&#x27; eliminado" in answer.content.decode()
    assert queries.names() == ["Ceci"]
    assert stored("batch_1")["assignee"] == "Ceci"


def test_removing_can_leave_the_work_unassigned(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    lead_client.post(address("Flor", "delete"), {"fate": "unassign"})
    assert queries.names() == ["Ceci"]
    assert stored("batch_1")["assignee"] is None


def test_finished_work_is_not_left_without_anybody(lead_client: Client) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    answer = lead_client.post(address("Flor", "delete"), {"fate": "unassign"})
    assert "no pueden quedar sin responsable" in answer.content.decode()
    assert stored("batch_1")["assignee"] == "Flor"


def test_a_viewer_does_not_enter(viewer_client: Client) -> None:
    answer = viewer_client.get(PEOPLE)
    assert answer.status_code == 302
    assert "login" in answer["Location"]


@pytest.mark.parametrize("page", ["", "add/"])
def test_staff_without_the_lead_role_does_not_see_people(
    viewer_client: Client, viewer: User, page: str
) -> None:
    User.objects.filter(pk=viewer.pk).update(is_staff=True)
    assert viewer_client.get(PEOPLE + page).status_code == 403
    assert "crew/segmenter" not in viewer_client.get("/admin/").content.decode()


def test_staff_without_the_lead_role_changes_nobody(viewer_client: Client, viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_staff=True)
    changed = viewer_client.post(address("Flor", "change"), form(name="Otra"))
    removed = viewer_client.post(address("Flor", "delete"))
    assert (changed.status_code, removed.status_code) == (403, 403)
    assert queries.names() == ["Ceci", "Flor"]


def test_a_person_who_is_gone_is_said(lead_client: Client) -> None:
    gone = address("Flor", "delete")
    services.remove_person("Flor", actor=ACTOR)
    answer = lead_client.get(gone, follow=True)
    assert answer.redirect_chain
    assert answer.status_code == 200
