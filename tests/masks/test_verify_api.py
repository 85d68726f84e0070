"""Verifying over HTTP: who may, what is answered, what is refused."""

from typing import Any

import pytest
from bson import ObjectId
from django.contrib.auth.models import User
from django.test import Client

from masks.presenting.ids import as_text
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import held
from tests.factories import make_batch
from tests.masks.archives import blank, mask, tar
from tests.masks.verified import WHOLE, put, run

pytestmark = pytest.mark.usefixtures("mongo")


def post(client: Client, **body: Any) -> Any:
    return client.post("/api/masks/verify", body, content_type="application/json")


def test_it_verifies_over_http_until_nothing_is_left(lead_client: Client) -> None:
    for n in range(3):
        put(WHOLE, f"batch_{n}", days=n)
    seen: list[str] = []
    for _ in range(4):
        answer = post(lead_client, outstanding=True).json()
        seen += [one["filename"] for one in answer["verified"]]
        if not answer["remaining"]:
            break
    assert seen == [f"masks_batch_{n}.tar.xz" for n in (2, 1, 0)]
    assert answer["verified"][-1]["label"] == "completo"


def test_the_list_shows_at_once_how_many_are_left(lead_client: Client) -> None:
    put(WHOLE, days=1), put(WHOLE, days=2)
    assert "Verificar pendientes (2)" in lead_client.get("/masks").content.decode()
    post(lead_client, outstanding=True)
    page = lead_client.get("/masks").content.decode()
    assert "Verificar pendientes" not in page
    assert lead_client.get("/api/masks?verdict=whole").json()["count"] == 2


def test_it_verifies_one_file_or_one_batch(lead_client: Client) -> None:
    file_id = put(WHOLE, "batch_1")
    assert post(lead_client, file=as_text(file_id)).json()["verified"][0]["kind"] == "whole"
    again = post(lead_client, batch="batch_1").json()
    assert (again["verified"][0]["cached"], again["remaining"]) == (True, 0)


def test_the_whole_verdict_is_shown(viewer_client: Client) -> None:
    file_id = put(tar([("a.png", mask()), ("b.png", blank())]), "batch_1")
    run()
    verdict = viewer_client.get(f"/api/masks/verdict/{as_text(file_id)}").json()["verdict"]
    assert (verdict["kind"], verdict["label"]) == ("warning", "con avisos")
    assert verdict["members"][0] == {"name": "b.png", "size": [48, 32], "troubles": ["blank"]}
    assert viewer_client.get(f"/api/masks/verdict/{ObjectId()}").status_code == 404
    assert viewer_client.get("/api/masks/verdict/nada").status_code == 404


def test_who_segments_verifies_own_batches_only(segmenter: User) -> None:
    main_collection("segmentadores").insert_one(
        {"name": "Flor", "active": True, "login": segmenter.get_username()}
    )
    make_batch("batch_1", assignee="Flor")
    make_batch("batch_2", assignee="Ceci")
    put(WHOLE, "batch_1")
    put(WHOLE, "batch_2")
    client = Client()
    client.force_login(segmenter)
    assert post(client, batch="batch_1").status_code == 200
    assert post(client, batch="batch_2").status_code == 403
    assert post(client, outstanding=True).status_code == 403


def test_who_reads_does_not_verify(viewer_client: Client, stranger: Client) -> None:
    put(WHOLE, "batch_1")
    assert post(viewer_client, batch="batch_1").status_code == 403
    assert post(stranger, batch="batch_1").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"batch": "1", "outstanding": True}, 400),
        ({"outstanding": True, "skip": -1}, 400),
        ({"nada": 1}, 400),
        ({"batch": "batch_7"}, 404),
        ({"file": "nada"}, 404),
    ],
)
def test_it_says_what_is_wrong(lead_client: Client, body: dict[str, Any], status: int) -> None:
    answer = post(lead_client, **body)
    assert (answer.status_code, answer.json()["success"]) == (status, False)


def test_few_verify_at_the_same_time(lead_client: Client) -> None:
    put(WHOLE, "batch_1")
    with held("verify_masks:1"), held("verify_masks:2"):
        answer = post(lead_client, outstanding=True)
    assert (answer.status_code, "verificando otros" in answer.json()["error"]) == (409, True)


def test_a_store_that_is_away_is_said_over_http(
    lead_client: Client, request: pytest.FixtureRequest
) -> None:
    put(WHOLE, "batch_1")
    request.getfixturevalue("store_away")
    assert post(lead_client, outstanding=True).status_code == 503
