"""Every address of the product, and who may use it: an address that is not in the table fails.

Each line is asked for with content that the view refuses or that changes nothing of weight: what
is looked at is only whether the door opens. The table is in `doors.py`.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from crew.models import Segmenter
from crew.rules import Role, Scope
from crew.tokens import NewToken, create_token, issue
from exports.services.jobs import starting
from segmentacion.mongo.clients import main_collection
from segmentacion.urls import api
from tests.crew.doors import ADMIN, ANY_METHOD, DOORS, LEAD, NOT_SERVED, OPEN, PARTS, Door, L
from tests.factories import ACTOR, PASSWORD, make_batch

pytestmark = pytest.mark.usefixtures("mongo")

UNSAFE = [door for door in DOORS if door.method not in {"GET", "HEAD"}]


@pytest.fixture(autouse=True)
def house(
    groups: dict[Role, Group], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """An account of each role, Flor's batch, no images, and jobs that are not really started."""
    for role in Role:
        user = User.objects.create_user(role.name.lower(), password=PASSWORD)
        user.groups.add(groups[role])
    Segmenter.objects.create(name="Flor", login="segmenter", active=True)
    make_batch("batch_1", assignee="Flor", status="In", metadata__total_masks=9)
    monkeypatch.setattr(starting, "spawn", lambda key: None)
    limits = {"HEAVY_LIMIT": None, "EXPORT_LIMIT": None, "DATA_DIRECTORY": tmp_path}
    with override_settings(**limits):
        yield


def routes(resolver: Any = None, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Yield each address outside of the admin with what it is."""
    for found in (resolver or get_resolver()).url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            if path != ADMIN:
                yield from routes(found, path)
        elif found.name not in NOT_SERVED:
            yield path, found


def address(door: Door) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: PARTS[part[1]], door.route)


def ask(client: Client, door: Door, **headers: str) -> Any:
    path = address(door)
    if isinstance(door.body, dict):
        send = {"content_type": "application/json", "data": door.body}
    else:
        data = dict(door.body or {})
        send = {"data": data} if door.method in {"GET", "POST"} else {}
    return getattr(client, door.method.lower())(path, **send, headers=headers)


def logged_in(role: Role) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username=role.name.lower()))
    return client


def is_shut(answer: Any) -> bool:
    """Tell whether an answer means: you may not. 401, 403, or to the login page."""
    to_login = answer.status_code == 302 and answer["Location"].startswith("/login?next=")
    return answer.status_code in {401, 403} or to_login


def wrong(found: list[tuple[Door, Any]]) -> list[str]:
    return [f"{door.method} {door.route}: {answer.status_code}" for door, answer in found]


def test_every_address_is_in_the_table() -> None:
    assert {path for path, _ in routes()} == {door.route for door in DOORS}


def test_every_method_of_the_api_is_in_the_table() -> None:
    documented = {
        (route, method.upper())
        for route, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    known = {(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", d.route), d.method) for d in DOORS}
    assert documented <= known


def test_no_address_takes_a_method_that_is_not_in_the_table() -> None:
    lead, known = logged_in(L), {(door.route, door.method) for door in DOORS}
    others = [
        Door(route, method, LEAD)
        for route in {door.route for door in DOORS} - ANY_METHOD
        for method in ("GET", "POST", "DELETE")
        if (route, method) not in known
    ]
    answers = [(door, ask(lead, door)) for door in others]
    assert wrong([pair for pair in answers if pair[1].status_code != 405]) == []


def test_a_stranger_only_gets_what_is_open() -> None:
    answers = [(door, ask(Client(raise_request_exception=False), door)) for door in DOORS]
    assert wrong([pair for pair in answers if is_shut(pair[1]) == (pair[0].who == OPEN)]) == []


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_what_the_table_says(role: Role) -> None:
    asked = [door for door in DOORS if door.who != OPEN]
    answers = [(door, ask(logged_in(role), door)) for door in asked]
    assert wrong([pair for pair in answers if is_shut(pair[1]) == (role in pair[0].who)]) == []
    assert wrong([pair for pair in answers if pair[1].status_code >= 500]) == []


def test_no_session_changes_anything_without_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(User.objects.get(username="lead"))
    answers = [(door, ask(client, door)) for door in UNSAFE]
    assert wrong([pair for pair in answers if pair[1].status_code != 403]) == []


def test_a_token_that_only_reads_changes_nothing() -> None:
    token = issue("lead", NewToken("lee", Scope.READ), actor=ACTOR)
    bearer = {"Authorization": f"Bearer {token}"}
    answers = [(door, ask(Client(), door, **bearer)) for door in UNSAFE]
    assert wrong([pair for pair in answers if pair[1].status_code != 403]) == []


def test_a_token_for_monitoring_opens_the_figures_alone() -> None:
    token = issue("lead", NewToken("mide", Scope.PROMETHEUS), actor=ACTOR)
    bearer = {"Authorization": f"Bearer {token}"}
    opened = [door.route for door in DOORS if not is_shut(ask(Client(), door, **bearer))]
    assert opened == ["/metrics/prometheus"]


def test_no_token_opens_an_account_or_the_admin() -> None:
    bearer = {"Authorization": f"Bearer {create_token('lead')}"}
    account = [door for door in DOORS if door.route.startswith("/cuenta")]
    answers = [
        (door, ask(Client(), door, **bearer)) for door in [*account, Door(ADMIN, "GET", LEAD)]
    ]
    assert wrong([pair for pair in answers if pair[1].status_code != 403]) == []


@pytest.mark.parametrize("role", Role)
def test_the_admin_is_for_the_lead(role: Role) -> None:
    client = logged_in(role)
    assert (client.get(ADMIN).status_code == 200) == (role is L)
    assert (client.get("/admin/crew/apitoken/").status_code == 200) == (role is L)


def test_an_account_without_a_role_gets_nothing_of_the_work() -> None:
    User.objects.create_user("nuevo", password=PASSWORD)
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="nuevo"))
    own = ("/cuenta", "/logout", "/api/docs", "/api/openapi.json")
    doors = [d for d in DOORS if d.who != OPEN and d.route != "/" and not d.route.startswith(own)]
    answers = [(door, ask(client, door)) for door in doors]
    assert wrong([pair for pair in answers if not is_shut(pair[1])]) == []
    assert main_collection("batches").count_documents({}) == 1
