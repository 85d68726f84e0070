"""The intake over HTTP: the shapes that are agreed, who may do what."""

from typing import Any

import pytest
from django.test import Client
from pymongo.errors import AutoReconnect

from crew.tokens import create_token
from masks.intake import store
from masks.intake.rules import Folder
from masks.intake.services.working import working
from tests.intake.place import WHO, Place

JSON = "application/json"
POSTS = ("/process_auto", "/process_final", "/force_archive_image")


def post(client: Client, path: str) -> Any:
    return client.post(path, content_type=JSON)


def test_the_whole_way_has_the_agreed_answers(place: Place, lead_client: Client) -> None:
    place.put("img_001.png")
    place.put("img_002.png", 2)
    seen = lead_client.get("/processing_status").json()
    assert (seen["current_image"], seen["queue"], seen["state"]) == (None, 2, "idle")
    processed = lead_client.post("/process_auto").json()
    assert processed["success"] is True
    assert (processed["image"], processed["awaiting_upload"]) == ("img_001.png", True)
    seen = lead_client.get("/processing_status").json()
    names = ("current_image", "state", "pending_uploads", "queue", "archived", "failed", "system")
    assert [seen[name] for name in names] == ["img_001.png", "waiting_upload", 1, 1, 0, 0, "ok"]
    final = lead_client.post("/process_final").json()
    assert (final["archived"], final["next_image"]) == ("img_001.png", "img_002.png")
    assert final["success"] is True
    assert post(lead_client, "/force_archive_image").json() == {
        "success": True, "archived": "img_002.png",
    }  # fmt: skip
    assert post(lead_client, "/force_archive_image").status_code == 404
    place.check()


def test_nothing_there_is_404_and_nothing_processed_409(place: Place, lead_client: Client) -> None:
    for path in POSTS:
        answer = post(lead_client, path)
        assert (answer.status_code, answer.json()["success"]) == (404, False)
    place.put("img_001.png", into=Folder.WORK)
    answer = lead_client.post("/process_final")
    assert (answer.status_code, "procésala primero" in answer.json()["error"]) == (409, True)


def test_an_upload_that_fails_is_503_and_the_image_is_kept(
    place: Place, lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put("img_001.png")
    lead_client.post("/process_auto")
    real = store.put

    def cut_off(*args: Any) -> None:
        raise AutoReconnect("gone")

    monkeypatch.setattr(store, "put", cut_off)
    answer = lead_client.post("/process_final")
    assert (answer.status_code, answer.json()["image_kept"]) == (503, True)
    assert place.names(Folder.WORK) == {"img_001.png"}
    monkeypatch.setattr(store, "put", real)
    assert lead_client.post("/process_final").json()["archived"] == "img_001.png"


def test_an_image_that_cannot_be_processed_is_named(place: Place, lead_client: Client) -> None:
    place.write("nota.png", b"hola")
    answer = lead_client.post("/process_auto")
    assert (answer.status_code, answer.json()["image"]) == (409, "nota.png")
    assert (answer.json()["state"], answer.json()["image_kept"]) == ("failed", True)


def test_work_elsewhere_is_409(place: Place, lead_client: Client) -> None:
    place.put("img_001.png")
    with working(WHO):
        for path in POSTS:
            assert post(lead_client, path).status_code == 409
        assert lead_client.get("/processing_status").json()["working"] == "lider"


def test_folders_that_cannot_be_used_are_said(
    place: Place, lead_client: Client, settings: Any
) -> None:
    place.root.parent.joinpath("archivo").write_text("x")
    settings.DATA_DIRECTORY = place.root.parent / "archivo"
    answer = lead_client.post("/process_auto")
    assert (answer.status_code, "archivo" in answer.json()["error"]) == (503, True)
    assert lead_client.get("/processing_status").status_code == 200


def test_only_some_may_work_and_only_the_lead_may_force(
    place: Place, viewer_client: Client, segmenter: Any, stranger: Client
) -> None:
    place.put("img_001.png", into=Folder.WORK)
    assert viewer_client.get("/processing_status").status_code == 200
    for path in POSTS:
        assert post(viewer_client, path).status_code == 403
        assert post(stranger, path).status_code == 401
    assert stranger.get("/processing_status").status_code == 401
    client = Client()
    client.force_login(segmenter)
    assert post(client, "/force_archive_image").status_code == 403
    assert place.names(Folder.WORK) == {"img_001.png"}


def test_a_session_needs_the_csrf_token_and_a_bearer_does_not(
    place: Place, lead_client: Client, lead: Any
) -> None:
    place.put("img_001.png")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(lead)
    refused = strict.post("/process_auto")
    assert (refused.status_code, refused.json()["success"]) == (403, False)
    token = {"Authorization": f"Bearer {create_token('lider')}"}
    assert Client(enforce_csrf_checks=True).post("/process_auto", headers=token).status_code == 200
    assert place.image("img_001.png")["history"][-1]["channel"] == "api"


def test_a_wrong_method_and_a_wrong_body_are_said(place: Place, lead_client: Client) -> None:
    assert lead_client.get("/process_auto").status_code == 405
    assert lead_client.get("/process_auto").json()["success"] is False
    for body in ("{", '{"image": 3}', '{"reason": null}'):
        answer = lead_client.post("/force_archive_image", body, content_type=JSON)
        assert (answer.status_code, answer.json()["success"]) == (400, False), body
