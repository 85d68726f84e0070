"""`/intake` without a browser: who may look and act, what is asked cheaply, how pictures leave."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from PIL import Image

from crew.rules import Role
from masks.intake.rules import Folder
from tests.factories import PASSWORD
from tests.frame.processes import on_test_server
from tests.intake.place import Place
from tests.site import ROOT
from tests.waiting import until

JSON = {"Accept": "application/json"}
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def reviewer_client(groups: dict[Role, Group]) -> Client:
    reviewer = User.objects.create_user("revisora", password=PASSWORD)
    reviewer.groups.add(groups[Role.REVIEWER])
    client = Client()
    client.force_login(reviewer)
    return client


def act(client: Client, action: str, **fields: str) -> Any:
    return client.post("/intake", {"action": action, **fields}, headers=JSON)


def processed(client: Client, place: Place, name: str = "a.png") -> dict[str, Any]:
    place.put(name)
    assert act(client, "process").status_code == 200
    return place.image(name)


def test_a_stranger_is_sent_to_the_login(place: Place) -> None:
    assert Client().get("/intake").status_code == 302


def test_who_reads_may_look_and_not_act(place: Place, viewer_client: Client) -> None:
    place.put("a.png")
    page = viewer_client.get("/intake")
    assert b"a.png" in page.content
    assert b'href="/intake"' not in page.content
    assert b"<button" not in page.content.split(b"<main")[1].split(b"</main")[0]
    for action in ("process", "upload", "run", "retry", "force"):
        assert act(viewer_client, action).status_code == 403
    assert place.names(Folder.WAITING) == {"a.png"}


def test_a_reviewer_processes_and_may_not_force(place: Place, reviewer_client: Client) -> None:
    processed(reviewer_client, place)
    assert act(reviewer_client, "force", word="ARCHIVAR").status_code == 403
    answer = act(reviewer_client, "upload")
    assert answer.json()["message"] == "a.png está en MongoDB, confirmada y archivada."
    place.check()


def test_forcing_needs_the_word_and_keeps_who_and_why(place: Place, lead_client: Client) -> None:
    processed(lead_client, place)
    refused = act(lead_client, "force", word="archivar ya")
    assert refused.status_code == 409
    assert "Escribe ARCHIVAR" in refused.json()["error"]
    done = act(lead_client, "force", image="a.png", word="ARCHIVAR", reason="se va la luz")
    assert done.status_code == 200
    forced = place.image("a.png")["forced"]
    assert (forced["who"], forced["reason"]) == ("lider", "se va la luz")
    assert place.names(Folder.DONE) == {"a.png"}


def test_without_javascript_a_button_answers_with_the_page_and_words(
    place: Place, lead_client: Client
) -> None:
    place.put("a.png")
    answer = lead_client.post("/intake", {"action": "process"}, follow=True)
    assert answer.redirect_chain == [("/intake", 302)]
    assert "a.png está procesada: falta subirla." in answer.content.decode()
    again = lead_client.post("/intake", {"action": "nada"}, follow=True)
    assert "No se entiende qué hacer." in again.content.decode()


def test_a_turn_says_what_failed_and_what_is_left(place: Place, lead_client: Client) -> None:
    place.put("a.png")
    place.write("b.png", b"hola")
    answer = act(lead_client, "run").json()
    assert (answer["archived"], answer["remaining"]) == (1, 0)
    [failed] = answer["failed"]
    assert failed["image"] == "b.png"
    assert failed["error"].startswith("No es una imagen")
    assert act(lead_client, "process").status_code == 404


def test_what_cannot_be_read_in_the_folders_is_said(place: Place, lead_client: Client) -> None:
    place.root.mkdir(parents=True)
    (place.root / "source").write_text("no es una carpeta")
    answer = act(lead_client, "process")
    assert answer.status_code == 503
    assert "source" in answer.json()["error"]
    assert lead_client.get("/intake").status_code == 200


def test_the_version_is_304_until_an_image_or_a_folder_changes(
    place: Place, lead_client: Client
) -> None:
    place.put("a.png")

    def ask(tag: str = "") -> Any:
        return lead_client.get("/intake/version", headers={"If-None-Match": tag} if tag else {})

    first = ask()
    assert ask(first["ETag"]).status_code == 304
    page = lead_client.get("/intake", headers=FRAGMENT).content.decode()
    assert f'data-version="{first.content.decode()}"' in page
    place.put("b.png", 1)
    second = ask(first["ETag"])
    assert second.status_code == 200
    act(lead_client, "process")
    assert ask(second["ETag"]).status_code == 200


def test_pictures_leave_as_pictures_and_nothing_else(place: Place, lead_client: Client) -> None:
    image = processed(lead_client, place)
    for address, kind in (("preview/{}.jpg", "JPEG"), ("mask/{}.png", "PNG")):
        path = f"/intake/{address.format(image['_id'])}"
        answer = lead_client.get(path)
        assert Image.open(BytesIO(answer.content)).format == kind
        assert answer["Content-Type"] == f"image/{kind.lower()}"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "private" in answer["Cache-Control"]
        same = lead_client.get(
            answer.request["PATH_INFO"], headers={"If-None-Match": answer["ETag"]}
        )
        assert same.status_code == 304


@pytest.mark.parametrize("image_id", ["0" * 24, "no-es-un-id", "../../etc/passwd"])
def test_a_picture_that_is_not_there_is_404(
    place: Place, lead_client: Client, image_id: str
) -> None:
    assert lead_client.get(f"/intake/preview/{image_id}.jpg").status_code == 404


def test_a_name_that_is_markup_is_shown_as_it_is(place: Place, lead_client: Client) -> None:
    place.put("<img src=x onerror=alert(1)>.png")
    page = lead_client.get("/intake").content.decode()
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


def test_the_supervisor_of_the_site_works_through_what_arrives_when_told_so(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    place.put("a.png")
    env = on_test_server("supervisada", DATA_DIRECTORY=str(place.root))
    command = [sys.executable, "-m", "segmentacion.supervisor", "--intake"]
    supervisor = subprocess.Popen([*command, "--parent", str(os.getpid())], env=env, cwd=ROOT)
    try:
        done = place.folder(Folder.DONE) / "a.png"
        until(lambda: done.exists() or supervisor.poll() is not None, "the image goes through")
        assert done.exists()
    finally:
        supervisor.terminate()
        supervisor.wait(60)
    assert settings.INTAKE_WATCH is False
