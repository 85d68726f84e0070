"""Errors as people and programs see them."""

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pymongo.errors import NetworkTimeout, OperationFailure, ServerSelectionTimeoutError

from segmentacion.http.errors import answer_exception, bad_request
from segmentacion.http.tracing import RequestTracingMiddleware
from segmentacion.mongo.embedded import EmbeddedError

UNAUTHORIZED = 13


def page_request() -> HttpRequest:
    return RequestFactory().get("/dashboard", headers={"accept": "text/html"})


def wrapped(cause: Exception) -> DatabaseError:
    """Return an error as Django's database layer wraps it."""
    error = DatabaseError("envuelto")
    error.__cause__ = cause
    return error


@pytest.fixture
def strict(lead: User) -> Client:
    """A client of the lead whose CSRF token is checked."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    return client


def test_an_unknown_page_is_said_in_spanish(lead_client: Client) -> None:
    answer = lead_client.get("/no-existe")
    assert answer.status_code == 404
    assert "Esta página no existe" in answer.content.decode()


@pytest.mark.parametrize("path", ["/api/no-existe", "/api/batches/"])
def test_an_unknown_address_of_the_api_is_json(lead_client: Client, path: str) -> None:
    answer = lead_client.get(path)
    assert answer.status_code == 404
    assert answer.json()["success"] is False


def test_a_program_gets_json_of_a_page_too(lead_client: Client) -> None:
    answer = lead_client.get("/no-existe", headers={"accept": "application/json"})
    assert answer.json() == {"success": False, "error": "Esa página no existe."}


def test_a_browser_gets_a_page(lead_client: Client) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = lead_client.get("/no-existe", headers={"accept": accept})
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/dashboard", "/team", "/masks"])
def test_a_page_is_only_read(lead_client: Client, path: str) -> None:
    answer = lead_client.post(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET")


def test_a_wrong_method_of_the_api_says_which_are_right(lead_client: Client) -> None:
    answer = lead_client.delete("/api/batches")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")


def test_a_form_without_its_token_is_said_in_spanish(strict: Client) -> None:
    answer = strict.post("/logout")
    assert answer.status_code == 403
    assert "abierta demasiado tiempo" in answer.content.decode()


def test_the_api_without_the_token_answers_json(strict: Client) -> None:
    answer = strict.post("/api/sync-batch-files", {}, content_type="application/json")
    assert answer.status_code == 403
    assert "abierta demasiado tiempo" in answer.json()["error"]


def test_what_is_not_json_is_said(lead_client: Client) -> None:
    answer = lead_client.post("/api/add-segmentador", "{no", content_type="application/json")
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]


@pytest.mark.parametrize(
    "error",
    [
        ServerSelectionTimeoutError("abajo"),
        wrapped(ServerSelectionTimeoutError("abajo")),
        EmbeddedError("no arranca"),
    ],
)
def test_a_database_that_does_not_answer_is_a_503_to_try_again(error: Exception) -> None:
    answer = answer_exception(page_request(), error)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "La base de datos no responde" in answer.content.decode()


def test_a_session_that_cannot_be_written_is_the_database_too() -> None:
    interrupted = SessionInterrupted("interrumpida")
    interrupted.__context__ = UpdateError()
    interrupted.__context__.__context__ = wrapped(NetworkTimeout("lenta"))
    assert bad_request(page_request(), interrupted).status_code == 503
    assert bad_request(page_request(), SessionInterrupted("cerrada")).status_code == 400


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_of_ours_says_the_id_to_report(status: int) -> None:
    error = ValueError("x") if status == 500 else ServerSelectionTimeoutError("abajo")

    def failing(request: HttpRequest) -> HttpResponse:
        return answer_exception(request, error)

    answer = RequestTracingMiddleware(failing)(page_request())
    assert answer.status_code == status
    assert f"<code>{answer['X-Request-ID']}</code>" in answer.content.decode()


def test_an_error_of_theirs_needs_no_id(lead_client: Client) -> None:
    assert "identificador" not in lead_client.get("/no-existe").content.decode()


def test_a_database_that_refuses_is_a_503_that_says_so() -> None:
    answer = answer_exception(page_request(), OperationFailure("no", UNAUTHORIZED))
    assert answer.status_code == 503
    assert "no permite esta operación" in answer.content.decode()


def test_anything_else_is_a_500_that_tells_nothing_inside() -> None:
    answer = answer_exception(page_request(), ValueError("secreto de adentro"))
    assert answer.status_code == 500
    assert "Algo falló de nuestro lado" in answer.content.decode()
    assert "secreto" not in answer.content.decode()


def test_a_refused_page_says_why(viewer_client: Client, viewer: User) -> None:
    viewer.groups.clear()
    answer = viewer_client.get("/dashboard")
    assert answer.status_code == 403
    assert "no tiene permiso" in answer.content.decode()
    assert not isinstance(answer, PermissionDenied)
