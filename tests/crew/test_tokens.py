"""Tokens: made and seen once, with a scope and an end, revoked; what each of them opens."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from crew import tokens
from crew.models import AUDIT, ApiToken
from crew.rules import Scope
from crew.tokens import create_token, digest
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR

pytestmark = pytest.mark.usefixtures("mongo")
PAGE = "/cuenta/tokens"
MADE = re.compile(r'id="made-token" value="(seg_[^"]+)"')


@pytest.fixture
def segmenter_client(segmenter: User) -> Client:
    client = Client()
    client.force_login(segmenter)
    return client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(client: Client, **changes: str) -> Any:
    """Send the form of a new token as the page would."""
    html = client.get(PAGE).content.decode()
    found = re.search(r'name="operation" value="([0-9a-f]{24})"', html)
    assert found
    form = {"operation": found[1], "name": "respaldo", "scope": "read", "days": "90"}
    return client.post(PAGE, form | changes)


def made(answer: Any) -> str:
    found = MADE.search(answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def events(kind: str) -> list[dict[str, Any]]:
    return list(main_collection(AUDIT).find({"kind": kind}))


def add_person(token: str, name: str = "Ana") -> Any:
    return Client().post(
        "/api/add-segmentador", {"name": name}, "application/json", headers=bearer(token)
    )


def test_a_token_is_shown_once_and_works(lead_client: Client) -> None:
    answer = ask(lead_client)
    token = made(answer)
    assert answer["Cache-Control"].startswith("max-age=0")
    assert Client().get("/api/batches", headers=bearer(token)).status_code == 200
    again = lead_client.get(PAGE).content.decode()
    assert token not in again
    assert "respaldo" in again


def test_creating_is_told_without_the_token(lead_client: Client) -> None:
    token = made(ask(lead_client))
    (event,) = events("token_created")
    assert (event["who"], event["about"], event["channel"]) == ("lider", "lider", "web")
    assert "respaldo · Solo leer · hasta el" in event["detail"]
    assert token not in str(event)
    assert digest(token) not in str(event)


def test_a_form_sent_twice_makes_one_token(lead_client: Client) -> None:
    form = {"operation": "a" * 24, "name": "uno", "scope": "write", "days": ""}
    made(lead_client.post(PAGE, form))
    assert lead_client.post(PAGE, form).status_code == 302
    assert ApiToken.objects.count() == 1


def test_a_form_sent_many_times_at_once_makes_one_token(lead: User) -> None:
    new = tokens.NewToken("uno", Scope.READ, 30, request="b" * 24)

    def issue(_: int) -> bool:
        try:
            tokens.issue("lider", new, actor=ACTOR)
        except tokens.AlreadyMadeError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(issue, range(6))) == 1
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"name": ""}, "Di para qué es"), ({"name": "x" * 81}, "80"), ({"scope": "todo"}, "todo"),
     ({"days": "-1"}, "-1"), ({"operation": "corta"}, "no llegó completo")],
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_made(
    lead_client: Client, changes: dict[str, str], said: str
) -> None:
    answer = ask(lead_client, **changes)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert ApiToken.objects.count() == 0


def test_an_account_has_so_many_tokens_and_no_more(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAX_ACTIVE", 2)
    assert [ask(lead_client).status_code for _ in range(3)] == [200, 200, 400]


def test_a_token_that_reads_does_not_write(lead: User) -> None:
    token = create_token("lider", scope=Scope.READ)
    assert Client().get("/api/segmentadores", headers=bearer(token)).status_code == 200
    answer = add_person(token)
    assert answer.status_code == 403
    assert "solo permite leer" in answer.json()["error"]
    assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'


def test_a_token_that_writes_does_both(lead: User) -> None:
    assert add_person(create_token("lider", scope=Scope.WRITE)).status_code == 201


def test_a_token_of_the_monitoring_opens_the_figures_alone(lead: User) -> None:
    token = create_token("lider", scope=Scope.PROMETHEUS)
    assert Client().get("/metrics/prometheus", headers=bearer(token)).status_code == 200
    for path in ("/api/batches", "/dashboard", "/metrics/prometheus/", "/api/backup/database"):
        answer = Client().get(path, headers=bearer(token))
        assert answer.status_code == 403, path
        assert "solo sirve para /metrics/prometheus" in answer.json()["error"]


def test_the_monitoring_is_offered_to_who_may_see_it(
    lead_client: Client, segmenter_client: Client
) -> None:
    assert 'value="prometheus"' in lead_client.get(PAGE).content.decode()
    assert 'value="prometheus"' not in segmenter_client.get(PAGE).content.decode()
    assert ask(segmenter_client, scope="prometheus").status_code == 400


def test_a_token_can_no_more_than_its_account(segmenter: User) -> None:
    assert add_person(create_token("flor")).status_code == 403
    token = create_token("flor", scope=Scope.PROMETHEUS)
    assert Client().get("/metrics/prometheus", headers=bearer(token)).status_code == 403


@pytest.mark.parametrize("path", [PAGE, "/cuenta", "/admin/", "/admin/auth/user/"])
def test_no_token_gets_at_accounts_or_makes_tokens(lead: User, path: str) -> None:
    token = create_token("lider")
    for answer in (
        Client().get(path, headers=bearer(token)),
        Client().post(path, {"name": "otro"}, headers=bearer(token)),
    ):
        assert answer.status_code == 403
        assert "entra con tu cuenta" in answer.json()["error"]


def test_a_token_of_before_still_does_all_and_its_missing_scope_too(lead: User) -> None:
    token = "seg_de-antes"
    main_collection("api_tokens").insert_one(
        {"digest": digest(token), "username": "lider", "name": "viejo",
         "created_at": datetime(2025, 1, 1, tzinfo=UTC), "last_used_at": None, "revoked_at": None}
    )  # fmt: skip
    assert add_person(token).status_code == 201


def test_a_scope_that_nobody_knows_any_more_only_reads(lead: User) -> None:
    token = create_token("lider")
    ApiToken.objects.update(scope="todo")
    assert Client().get("/api/batches", headers=bearer(token)).status_code == 200
    assert add_person(token).status_code == 403


def test_the_401_says_why(lead: User) -> None:
    revoked, over, closed = (create_token("lider", name=name, days=1) for name in "abc")
    tokens.revoke([digest(revoked)])
    yesterday = datetime.now(UTC) - timedelta(days=1)
    ApiToken.objects.filter(digest=digest(over)).update(expires_at=yesterday)
    ApiToken.objects.filter(digest=digest(closed)).update(username="nadie")
    said = {}
    for token in ("seg_nada", "", revoked, over, closed):
        answer = Client().get("/api/batches", headers=bearer(token))
        assert answer.status_code == 401
        said[token] = answer.json()["error"]
    assert "no existe" in said["seg_nada"]
    assert "se revocó el" in said[revoked]
    assert "caducó el" in said[over]
    assert "está cerrada" in said[closed]


def test_the_last_use_is_written_once_a_minute_at_most(lead: User) -> None:
    token = create_token("lider")

    def use() -> Any:
        Client().get("/api/segmentadores", headers=bearer(token))
        return ApiToken.objects.get().last_used_at

    first = use()
    assert first is not None
    assert use() == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    assert use() > first - timedelta(minutes=1)


def test_revoking_ends_it_at_once_and_is_told(lead_client: Client) -> None:
    token = made(ask(lead_client))
    answer = lead_client.post(f"{PAGE}/{digest(token)}/revocar")
    assert answer["Location"] == PAGE
    assert Client().get("/api/batches", headers=bearer(token)).status_code == 401
    assert [event["detail"] for event in events("token_revoked")] == ["respaldo"]
    assert lead_client.post(f"{PAGE}/{digest(token)}/revocar").status_code == 404


def test_the_lead_sees_and_revokes_those_of_others_and_nobody_else_does(
    lead_client: Client, segmenter_client: Client, viewer_client: Client
) -> None:
    token = made(ask(segmenter_client, name="de flor"))
    assert "de flor" in lead_client.get(PAGE).content.decode()
    assert "de flor" not in viewer_client.get(PAGE).content.decode()
    assert viewer_client.post(f"{PAGE}/{digest(token)}/revocar").status_code == 404
    assert lead_client.post(f"{PAGE}/{digest(token)}/revocar").status_code == 302
    (event,) = events("token_revoked")
    assert (event["who"], event["about"]) == ("lider", "flor")


def test_the_command_takes_a_scope_and_days(lead: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_token", "lider", scope="read", days=30, name="tablas")
    assert capsys.readouterr().out.startswith("seg_")
    stored = ApiToken.objects.get()
    assert (stored.scope, stored.name) == ("read", "tablas")
    assert stored.expires_at - stored.created_at == timedelta(days=30)


@pytest.mark.parametrize("options", [{"days": 0}, {"days": 99_999}, {"name": "a\nb"}])
def test_the_command_refuses_what_cannot_be(lead: User, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="token"):
        call_command("create_token", "lider", **options)
    assert ApiToken.objects.count() == 0


def test_a_stranger_sees_no_tokens(stranger: Client) -> None:
    assert stranger.get(PAGE).status_code == 302
