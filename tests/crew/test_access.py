"""Logins, tokens, roles: nothing is open but what says so."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from crew.access import capabilities
from crew.models import ApiToken
from crew.rules import CAPABILITIES, Capability, Role
from crew.tokens import create_token, digest, revoke
from tests.factories import PASSWORD

pytestmark = pytest.mark.usefixtures("mongo")

PAGES = ["/", "/dashboard", "/masks", "/masks/sync-state", "/team"]
API = [
    "/api/batches", "/api/batches/batch_1", "/api/segmentadores", "/api/check-mongo-files",
    "/api/export/batches", "/api/export/all-assignments", "/api/export/segmentador/Flor",
]  # fmt: skip


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_login(stranger: Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=")


@pytest.mark.parametrize("path", API)
def test_a_strange_program_gets_a_401(stranger: Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert answer.json()["success"] is False


@pytest.mark.parametrize("path", ["/api/sync-batch-files", "/api/add-segmentador"])
def test_a_strange_program_cannot_post(stranger: Client, path: str) -> None:
    assert stranger.post(path).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/login"])
def test_health_and_login_are_open(stranger: Client, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_logging_in_leads_to_the_dashboard(stranger: Client, lead: User) -> None:
    answer = stranger.post("/login", {"username": "lider", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard")


def test_a_wrong_password_is_said_in_spanish(stranger: Client, lead: User) -> None:
    answer = stranger.post("/login", {"username": "lider", "password": "otra"})
    assert answer.status_code == 200
    assert "El usuario o la contraseña no son correctos." in answer.content.decode()


def test_a_token_works_where_a_session_does(stranger: Client, segmenter: User) -> None:
    token = create_token("flor", name="prueba")
    assert stranger.get("/api/batches", headers=bearer(token)).status_code == 200
    assert stranger.get("/dashboard", headers=bearer(token)).status_code == 200


def test_only_the_hash_of_a_token_is_stored(segmenter: User) -> None:
    token = create_token("flor")
    stored = ApiToken.objects.get()
    assert stored.digest == digest(token)
    assert token not in str(vars(stored))
    assert len(token) > 40


def test_a_wrong_or_revoked_token_is_401(stranger: Client, segmenter: User) -> None:
    token = create_token("flor")
    assert stranger.get("/api/batches", headers=bearer("seg_nada")).status_code == 401
    assert revoke([digest(token)]) == 1
    assert stranger.get("/api/batches", headers=bearer(token)).status_code == 401


def test_the_token_of_a_closed_account_is_401(stranger: Client, segmenter: User) -> None:
    token = create_token("flor")
    User.objects.filter(username="flor").update(is_active=False)
    assert stranger.get("/api/batches", headers=bearer(token)).status_code == 401


def test_create_token_prints_the_token_alone(
    segmenter: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("create_token", "flor")
    printed = capsys.readouterr().out
    assert printed.startswith("seg_")
    assert printed.count("\n") == 1


def test_create_token_for_nobody_is_refused() -> None:
    with pytest.raises(CommandError, match="No hay una cuenta activa"):
        call_command("create_token", "nadie")


def test_a_session_needs_the_csrf_token_to_write(lead: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    answer = client.post("/api/add-segmentador", {"name": "Ana"}, content_type="application/json")
    assert answer.status_code == 403
    token = create_token("lider")
    answer = client.post(
        "/api/add-segmentador",
        {"name": "Ana"},
        content_type="application/json",
        headers=bearer(token),
    )
    assert answer.status_code == 201


def test_each_role_has_its_capabilities(viewer: User, segmenter: User, lead: User) -> None:
    assert capabilities(viewer) == CAPABILITIES[Role.VIEWER]
    assert capabilities(segmenter) == CAPABILITIES[Role.SEGMENTER]
    assert Capability.MANAGE_CREW in capabilities(lead)
    assert Capability.EXPORT in capabilities(viewer)
    assert Capability.EXPORT not in capabilities(segmenter)


def test_an_account_without_a_role_sees_nothing(mongo: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("nuevo", password=PASSWORD))
    assert client.get("/api/batches").status_code == 403
    assert client.get("/dashboard").status_code == 403


def test_forcing_a_sync_is_for_the_lead(viewer_client: Client) -> None:
    answer = viewer_client.post(
        "/api/sync-batch-files", {"force": True}, content_type="application/json"
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/login", "/healthz", "/api/batches"])
def test_headers_are_strict(stranger: Client, path: str) -> None:
    answer = stranger.get(path)
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
