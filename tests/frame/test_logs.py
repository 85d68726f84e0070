"""Logs: a JSON object a line, the ids of what is under way, and nothing that does not belong."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from segmentacion.http import deadline
from segmentacion.mongo.clients import main_collection
from segmentacion.telemetry import facts
from segmentacion.telemetry.logs import REQUESTS, JsonFormatter, TextFormatter, log_format
from segmentacion.telemetry.scrubbing import scrub
from tests.factories import PASSWORD, batch_document
from tests.frame.processes import start
from tests.site import environment, manage

REDACTED = [
    ("mongodb://ana:s3creto@db.example.com:27017/x", "s3creto", "db.example.com:27017"),
    ("falló /api/export?token=abc123&x=1 al leer", "abc123", "/api/export"),
    ("no se envió a flor.perez@ejemplo.com.mx hoy", "flor.perez", "hoy"),
    ("token seg_AbCdEfGh12345678 revocado", "AbCdEfGh", "revocado"),
    ("Authorization: Bearer eyJhbGciOiJI.abc", "eyJhbGciOiJI", "Bearer"),
    ("{'username': 'flor', 'password': 'clave 1 larga'}", "clave 1 larga", "username"),
    ("ADMIN_PASSWORD=hola-mundo PORT=1", "hola-mundo", "PORT=1"),
    ('E11000 duplicate key dup key: { name: "Flor" }, x', "Flor", "E11000"),
    ("Error handling request /api/export/segmentador/Flor", "Flor", "Error handling request"),
    ("Invalid request from ip=10.1.2.3: Invalid HTTP", "10.1.2.3", "Invalid HTTP"),
]
COUNTED = """
import json, logging
from segmentacion.telemetry.facts import note_operation
note_operation("op-1234")
logging.getLogger("segmentacion.prueba").info("hecho %s", 1)
print(json.dumps("ok"))
"""


@pytest.fixture
def nothing_under_way() -> Iterator[None]:
    facts.end()
    yield
    facts.end()


def record(message: str = "hola", name: str = "segmentacion.prueba", **extra: Any) -> Any:
    made = logging.LogRecord(name, logging.INFO, __file__, 1, message, (), None)
    made.__dict__.update(extra)
    return made


def line(**options: Any) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(JsonFormatter().format(record(**options)))
    return written


@pytest.mark.usefixtures("mongo")
def test_a_form_refused_for_its_csrf_token_does_not_log_its_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.post("/cuenta/recuperar/MQ/c0ffee-secreto", {"new_password1": "x"})
    refused = next(r for r in caplog.records if r.name == "django.security.csrf")
    written = JsonFormatter().format(refused)
    assert "c0ffee-secreto" not in written
    assert "POST /cuenta/recuperar/<str:uidb64>/<str:token>" in written
    assert "CSRF cookie not set" in written


def test_what_is_refused_is_one_line_without_where_in_the_program(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert Client().get("/login", headers={"host": "otro.example.com"}).status_code == 400
    (refused,) = (r for r in caplog.records if r.name == "django.security.DisallowedHost")
    written = json.loads(JsonFormatter().format(refused))
    assert "otro.example.com" in written["message"]
    assert "exception" not in written


class Written(logging.StreamHandler[io.StringIO]):
    """Lines as they are written, at the moment they are."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.setFormatter(JsonFormatter())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def requests(self) -> list[dict[str, Any]]:
        lines = [json.loads(written) for written in self.text.splitlines()]
        return [written for written in lines if written["logger"] == REQUESTS]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    monkeypatch.setattr(deadline, "READ_SECONDS", 60.0)  # however busy this machine is
    handler = Written()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(("text", "secret", "kept"), REDACTED)
def test_secrets_and_personal_data_are_taken_out(text: str, secret: str, kept: str) -> None:
    assert secret not in scrub(text)
    assert kept in scrub(text)


def test_an_ordinary_message_stays_as_it_is() -> None:
    text = "watcher ended with 1; again in 2 s (127.0.0.1:27017, /datos/batch_000129F)"
    assert scrub(text) == text


def test_a_line_is_one_object_with_time_level_and_program(nothing_under_way: None) -> None:
    written = line(message="dos\nrenglones «ñ»")
    assert written["time"].endswith("Z")
    assert (written["level"], written["message"]) == ("INFO", "dos\nrenglones «ñ»")
    assert {"logger", "program", "pid"} <= set(written)
    assert "request" not in written


def test_a_line_carries_request_and_operation(nothing_under_way: None) -> None:
    facts.begin("la-peticion-1")
    facts.note_operation("la-operacion")
    written = line()
    assert (written["request"], written["operation"]) == ("la-peticion-1", "la-operacion")


def test_a_traceback_is_in_the_line_without_its_secrets() -> None:
    try:
        raise ValueError("mongodb://u:s3creto@host/")
    except ValueError:
        written = line(exc_info=sys.exc_info())
    assert "ValueError" in written["exception"]
    assert "s3creto" not in json.dumps(written)


def test_what_cannot_be_json_is_written_as_text() -> None:
    assert line(fields={"cosa": object})["cosa"].startswith("<class")


def test_on_a_terminal_a_line_is_for_people(nothing_under_way: None) -> None:
    facts.begin("la-peticion-1")
    shown = TextFormatter().format(record(message="hola ana@ejemplo.com"))
    assert shown.endswith("INFO segmentacion.prueba: hola […] request=la-peticion-1")


@pytest.mark.parametrize(("terminal", "chosen"), [(True, "text"), (False, "json")])
def test_without_a_setting_a_terminal_gets_text(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, chosen: str
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert log_format("") == chosen
    assert log_format("json") == "json"


def test_an_unknown_format_stops_the_program_and_says_so() -> None:
    done = manage("check", env=environment(LOG_FORMAT="xml"))
    assert done.returncode != 0
    assert "LOG_FORMAT es «xml»" in done.stderr


def test_commands_log_in_the_same_form() -> None:
    process = start(COUNTED, environment(LOG_FORMAT="json"))
    _, said = process.communicate(timeout=60)
    written = json.loads(said.splitlines()[-1])
    assert (written["message"], written["operation"]) == ("hecho 1", "op-1234")


def test_each_request_has_one_line_with_its_time_and_commands(
    lead_client: Client, log: Written
) -> None:
    lead_client.get("/api/batches?q=0001", headers={"x-request-id": "de-mi-proxy-1"})
    (written,) = log.requests()
    assert (written["method"], written["route"], written["status"]) == ("GET", "/api/batches", 200)
    assert (written["request"], written["user"]) == ("de-mi-proxy-1", "lider")
    assert written["db"] > 0
    assert written["ms"] >= written["db_ms"] > 0


def test_an_act_has_its_operation_and_its_batch_in_the_line(
    lead_client: Client, log: Written
) -> None:
    main_collection("batches").insert_one(batch_document("batch_000129F"))
    body = {"priority": "alta", "version": 1}
    done = lead_client.patch("/api/batches/batch_000129F", body, content_type="application/json")
    assert done.status_code == 200, done.content
    (written,) = log.requests()
    assert main_collection("operations").find_one({"_id": written["operation"]}) is not None
    assert written["target"] == "batch_000129F"


@pytest.mark.parametrize(
    "path", ["/api/export/segmentador/Flor%20Secreta", "/no-existe/flor@ejemplo.com?clave=abc"]
)
def test_no_name_and_no_query_is_in_the_line(lead_client: Client, log: Written, path: str) -> None:
    lead_client.get(path)
    assert log.requests()
    for secret in ("Secreta", "ejemplo.com", "abc", "clave"):
        assert secret not in log.text


def test_a_password_is_in_no_line(lead: User, stranger: Client, log: Written) -> None:
    stranger.post("/login?next=/team", {"username": "lider", "password": PASSWORD})
    assert log.requests()
    assert PASSWORD not in log.text


def test_an_account_named_by_its_address_is_shown_by_its_id(
    lead: User, lead_client: Client, log: Written
) -> None:
    User.objects.filter(pk=lead.pk).update(username="ana@ejemplo.com")
    lead_client.get("/api/batches")
    (written,) = log.requests()
    assert written["user"] == f"id:{lead.pk}"
