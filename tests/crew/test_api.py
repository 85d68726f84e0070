"""The crew's endpoints, as API.md says."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from crew.services import add_person, change_person
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("mongo")

ROBERTO = {"name": "Roberto", "role": "Segmentador", "email": "roberto@test.com"}


def post(client: Client, payload: Any) -> Any:
    return client.post("/api/add-segmentador", payload, content_type="application/json")


def remove(client: Client, payload: Any) -> Any:
    return client.delete("/api/remove-segmentador", payload, content_type="application/json")


def test_it_lists_the_crew_with_loads(lead_client: Client) -> None:
    add_person(name="Flor", email="flor@test.com")
    make_batch("batch_1", assignee="Flor", status="In")
    answer = lead_client.get("/api/segmentadores").json()
    (flor,) = answer["segmentadores"]
    assert answer["success"] is True
    assert answer["team_size"] == 1
    assert flor.pop("created_at").endswith("Z")
    assert flor == {
        "name": "Flor", "role": "Segmentador", "email": "flor@test.com", "active": True,
        "total": 1, "ns": 0, "in": 1, "s": 0,
    }  # fmt: skip


def test_addresses_are_for_the_lead_and_ones_own(
    lead_client: Client, viewer_client: Client, segmenter: User
) -> None:
    add_person(name="Flor", email="flor@test.com")
    add_person(name="Ceci", email="ceci@test.com")
    change_person("Flor", actor=ACTOR, login="flor")
    flor = Client()
    flor.force_login(segmenter)
    seen = {}
    for who, client in (("lead", lead_client), ("flor", flor), ("viewer", viewer_client)):
        people = client.get("/api/segmentadores").json()["segmentadores"]
        page = client.get("/team").content.decode()
        seen[who] = {person["name"]: person["email"] for person in people}
        assert {mail: mail in page for mail in ("flor@test.com", "ceci@test.com")} == {
            mail: mail in seen[who].values() for mail in ("flor@test.com", "ceci@test.com")
        }
    assert seen == {
        "lead": {"Ceci": "ceci@test.com", "Flor": "flor@test.com"},
        "flor": {"Ceci": "", "Flor": "flor@test.com"},
        "viewer": {"Ceci": "", "Flor": ""},
    }


def test_it_adds_somebody(lead_client: Client) -> None:
    answer = post(lead_client, ROBERTO)
    assert answer.status_code == 201
    assert answer.json() == {
        "success": True,
        "message": "Segmentador 'Roberto' agregado exitosamente",
        "segmentador": ROBERTO,
        "team_size": 1,
    }


@pytest.mark.parametrize("payload", [{}, {"name": ""}, {"name": None}, {"name": "  "}])
def test_the_name_is_required(lead_client: Client, payload: Any) -> None:
    answer = post(lead_client, payload)
    assert answer.status_code == 400
    assert answer.json() == {"success": False, "error": "El nombre es requerido"}


def test_a_duplicate_is_400(lead_client: Client) -> None:
    post(lead_client, ROBERTO)
    answer = post(lead_client, ROBERTO)
    assert answer.status_code == 400
    assert answer.json()["error"] == "'Roberto' ya existe"


def test_it_removes_somebody(lead_client: Client) -> None:
    add_person(name="Roberto")
    answer = remove(lead_client, {"name": "Roberto"})
    assert answer.status_code == 200
    assert answer.json()["message"] == "Segmentador 'Roberto' eliminado"
    assert answer.json()["team_size"] == 0


def test_removing_nobody_known_is_404(lead_client: Client) -> None:
    answer = remove(lead_client, {"name": "X"})
    assert answer.status_code == 404
    assert answer.json()["error"] == "'X' no existe"


def test_removing_somebody_with_work_is_409_until_it_is_said_where_it_goes(
    lead_client: Client,
) -> None:
    add_person(name="Roberto")
    add_person(name="Flor")
    make_batch("batch_1", assignee="Roberto")
    refused = remove(lead_client, {"name": "Roberto"})
    assert refused.status_code == 409
    assert refused.json()["batches"] == 1
    assert remove(lead_client, {"name": "Roberto", "reassign_to": "Flor"}).status_code == 200
    assert stored("batch_1")["assignee"] == "Flor"


@pytest.mark.parametrize("body", ["", "{", "[]", "5", '"x"'])
def test_a_malformed_body_is_400_in_spanish(lead_client: Client, body: str) -> None:
    answer = post(lead_client, body)
    assert answer.status_code == 400
    assert answer.json()["success"] is False


def test_only_the_lead_changes_the_crew(viewer_client: Client) -> None:
    assert post(viewer_client, ROBERTO).status_code == 403
    assert remove(viewer_client, {"name": "Roberto"}).status_code == 403
    assert viewer_client.get("/api/segmentadores").status_code == 200
