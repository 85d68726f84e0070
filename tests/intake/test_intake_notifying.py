"""People are told what needs them: once, signed, and again when it did not go out."""

import hmac
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pymongo.errors import AutoReconnect

from masks.intake import store
from masks.intake.services import UploadFailedError
from masks.intake.services.notifying import tell_people
from tests.intake.place import Place

SECRET = "el-secreto-de-las-dos-partes"


class Listener(HTTPServer):
    """A program that is told; it answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: list[tuple[Any, bytes]] = []
        self.status = 204


class Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.headers, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.INTAKE_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/aviso"
    settings.INTAKE_WEBHOOK_SECRET = SECRET
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_one_signed_message_tells_of_all_and_only_once(place: Place, listener: Listener) -> None:
    for number in range(3):
        place.write(f"nota {number}.png", b"hola")
    place.run()
    place.run()
    [(headers, body)] = listener.heard
    told = json.loads(body)
    assert (told["event"], told["count"]) == ("intake.needs_person", 3)
    assert told["images"][0]["name"] == "nota 0.png"
    signed = headers["X-Segmentacion-Timestamp"].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), signed, "sha256").hexdigest()
    assert headers["X-Segmentacion-Signature"] == f"sha256={expected}"


@pytest.mark.parametrize("status", [500, 302])
def test_a_message_that_was_refused_is_sent_again(
    place: Place, listener: Listener, status: int
) -> None:
    listener.status = status
    place.write("nota.png", b"hola")
    place.run()
    listener.status = 204
    place.run()
    place.run()
    assert len(listener.heard) == 2


@pytest.mark.parametrize(
    ("address", "form"), [("/process_auto", {}), ("/intake", {"action": "run"})]
)
def test_what_fails_on_the_page_or_for_a_program_is_told_once_too(
    place: Place, lead_client: Client, listener: Listener, address: str, form: dict[str, str]
) -> None:
    place.write("nota.png", b"hola")
    lead_client.post(address, form, headers={"Accept": "application/json"})
    for thread in threading.enumerate():
        if thread.name == "intake-telling":
            thread.join()
    [(_, body)] = listener.heard
    assert [image["name"] for image in json.loads(body)["images"]] == ["nota.png"]
    assert tell_people() == 0


def test_mail_goes_to_those_named(place: Place, settings: Any) -> None:
    settings.INTAKE_MAIL_TO = ["ana@example.com"]
    place.write("nota.png", b"hola")
    place.run()
    [message] = mail.outbox
    assert message.to == ["ana@example.com"]
    assert "'nota.png'" in message.body


def test_trouble_is_told_without_images(
    place: Place, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("segmentacion").propagate = True
    tell_people(trouble="No se puede usar la carpeta.")
    assert json.loads(listener.heard[0][1])["trouble"] == "No se puede usar la carpeta."
    assert "needs a person" in caplog.text
    assert tell_people() == 0
    assert len(listener.heard) == 1


def test_trouble_that_passes_is_waited_out_and_one_that_does_not_is_told(
    place: Place, listener: Listener, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INTAKE_ATTEMPTS = 3
    place.put("img_1.png")
    real, away = store.put, [2]

    def sometimes(*args: Any) -> None:
        away[0] -= 1
        if away[0] >= 0:
            raise AutoReconnect("gone")
        real(*args)

    monkeypatch.setattr(store, "put", sometimes)
    assert place.run().archived == 1
    assert not listener.heard
    place.put("img_2.png", 2)
    away[0] = 100
    with pytest.raises(UploadFailedError):
        place.run()
    assert "MongoDB" in json.loads(listener.heard[0][1])["trouble"]
    image = place.image("img_2.png")
    assert (image["state"], image["attempts"]) == ("waiting_upload", 0)
    place.check()
