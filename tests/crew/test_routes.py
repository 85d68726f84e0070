"""Every address of the product, and who may use it: an address that is not in the table fails.

Each line is asked for with content that the view refuses or that changes nothing of weight: what
is looked at is only whether the door opens. The table is in `doors.py`.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from batches.services import operations
from crew.models import Segmenter
from crew.rules import Role, Scope
from crew.tokens import NewToken, create_token, issue
from exports.services.jobs import starting
from masks import store
from masks.models import ArchivePreview
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import main_collection
from segmentacion.urls import api
from tests.crew.doors import (
    ADMIN,
    ANY_METHOD,
    DOORS,
    KEY,
    LEAD,
    NOT_SERVED,
    OPEN,
    OTHERS,
    OTHERS_ACT,
    OTHERS_FILE,
    OWN_ACT,
    OWN_FILE,
    PARTS,
    Door,
    L,
    ask,
    written,
)
from tests.factories import ACTOR, MOMENT, PASSWORD, make_batch, stored
from tests.site import ROOT

pytestmark = pytest.mark.usefixtures("mongo")

IN_AND_OUT = {"login", "logout"}
SENT_AWAY = {"/login", "/admin/login/"}
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


def logged_in(role: Role) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username=role.name.lower()))
    return client


def bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {create_token(role.name.lower())}"}


def by_session(role: Role, doors: list[Door], parts: dict[str, str] = PARTS) -> list[Any]:
    """Ask for all of them in one session; a new one after logging out."""
    client, answers = logged_in(role), []
    for door in doors:
        answers.append(ask(client, door, parts))
        client = logged_in(role) if door.route == "/logout" else client
    return answers


def by_token(role: Role, doors: list[Door], parts: dict[str, str] = PARTS) -> list[Any]:
    client, headers = Client(raise_request_exception=False), bearer(role)
    return [ask(client, door, parts, **headers) for door in doors]


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


def test_the_table_is_the_documented_one() -> None:
    assert written() in (ROOT / "docs" / "access.md").read_text(encoding="utf-8")


@pytest.fixture
def work_of_two() -> None:
    """What is Ceci's beside what is Flor's: a batch, a file that was looked into before."""
    make_batch("batch_2", assignee="Ceci", status="In", metadata__total_masks=9)
    Segmenter.objects.create(name="Ceci", active=True)
    for key, batch_id in ((OWN_FILE, "batch_1"), (OTHERS_FILE, "batch_2")):
        store.put_upload(ObjectId(key), f"masks_{batch_id}.zip", {}, [b"x"])
        sheet = {"_id": ObjectId(key), "length": 1, "image": b"x", "shown": [], "made_at": MOMENT}
        main_collection(ArchivePreview.COLLECTION).insert_one(sheet)


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_what_the_table_says(role: Role, work_of_two: None) -> None:
    doors = [door for door in DOORS if door.who != OPEN]
    did(OWN_ACT, role.name.lower())
    told = list(zip(doors, by_session(role, doors), by_token(role, doors), strict=True))
    assert wrong([(d, a) for d, a, _ in told if is_shut(a) == (role in d.who)]) == []
    assert wrong([(d, a) for d, _, a in told if is_shut(a) == (role in d.who and d.by_token)]) == []
    assert wrong([(d, a) for d, *both in told for a in both if a.status_code >= 500]) == []


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_of_the_work_of_others_what_the_table_says(
    role: Role, work_of_two: None
) -> None:
    doors = [(door, door.others) for door in DOORS if door.others is not None]
    did(OTHERS_ACT, "otra")
    asked = [door for door, _ in doors]
    for answers in (by_session(role, asked, OTHERS), by_token(role, asked, OTHERS)):
        told = zip(doors, answers, strict=True)
        assert wrong([(d, a) for (d, who), a in told if is_shut(a) == (role in who)]) == []
    if role is not L:
        assert stored("batch_2")["history"] == []


def did(operation: str, account: str) -> None:
    """Record an act of an account, on nothing."""
    actor = Actor(account, Channel.WEB)
    operations.begin(operation, kind=operations.Kind.CHANGE, actor=actor, keys=[], fields=[])


def test_no_session_changes_anything_without_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(User.objects.get(username="lead"))
    answers = [(door, ask(client, door)) for door in UNSAFE]
    assert wrong([pair for pair in answers if pair[1].status_code != 403]) == []


def test_a_token_that_only_reads_changes_nothing() -> None:
    token = issue("lead", NewToken("lee", Scope.READ), actor=ACTOR)
    headers = {"Authorization": f"Bearer {token}"}
    answers = [(door, ask(Client(), door, **headers)) for door in UNSAFE]
    assert wrong([pair for pair in answers if pair[1].status_code != 403]) == []


def test_a_token_for_monitoring_opens_the_figures_alone() -> None:
    token = issue("lead", NewToken("mide", Scope.PROMETHEUS), actor=ACTOR)
    headers = {"Authorization": f"Bearer {token}"}
    opened = [door.route for door in DOORS if not is_shut(ask(Client(), door, **headers))]
    assert opened == ["/metrics/prometheus"]


def test_no_token_opens_an_account_or_the_admin() -> None:
    account = [door for door in DOORS if not door.by_token]
    headers = bearer(L)
    answers = [
        (door, ask(Client(), door, **headers)) for door in [*account, Door(ADMIN, "GET", LEAD)]
    ]
    assert wrong([pair for pair in answers if pair[1].status_code != 403]) == []


@pytest.mark.parametrize("role", Role)
def test_the_admin_is_for_the_lead(role: Role) -> None:
    client = logged_in(role)
    assert (client.get(ADMIN).status_code == 200) == (role is L)
    assert (client.get("/admin/crew/apitoken/").status_code == 200) == (role is L)


def test_no_address_of_the_admin_opens_for_anybody_else() -> None:
    paths = list(admin_paths())
    assert len(paths) > 30
    clients = [Client(), *(logged_in(role) for role in Role if role is not L)]
    answers = [(path, client.get(path)) for path in paths for client in clients]
    assert [path for path, answer in answers if answer.status_code not in {302, 403}] == []
    to_the_login = [a for _, a in answers if a.status_code == 302]
    assert {re.split(r"\?", a["Location"])[0] for a in to_the_login} <= SENT_AWAY


def test_a_lead_who_is_no_superuser_manages_no_accounts() -> None:
    lead, key = logged_in(L), str(User.objects.get(username="segmenter").pk)
    accounts = [path.replace(KEY, key) for path in admin_paths() if "/auth/user/" in path]
    answers = {path: lead.get(path) for path in accounts}
    moved = {path for path, answer in answers.items() if answer.status_code == 302}
    assert moved == {f"/admin/auth/user/{key}/"}  # to the form of before, which is refused
    assert {answer.status_code for path, answer in answers.items() if path not in moved} == {403}


def admin_paths(patterns: Any = None, prefix: str = ADMIN) -> Iterator[str]:
    """Yield each address of the admin, but the ways in and out and what catches all others."""
    for found in admin.site.urls[0] if patterns is None else patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from admin_paths(found.url_patterns, path)
        elif isinstance(found.pattern, RoutePattern) and found.name not in IN_AND_OUT:
            yield re.sub(r"<[^>]+>", KEY, path)


def test_an_account_without_a_role_gets_nothing_of_the_work() -> None:
    User.objects.create_user("nuevo", password=PASSWORD)
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="nuevo"))
    own = ("/cuenta", "/logout", "/api/docs", "/api/openapi.json")
    doors = [d for d in DOORS if d.who != OPEN and d.route != "/" and not d.route.startswith(own)]
    answers = [(door, ask(client, door)) for door in doors]
    assert wrong([pair for pair in answers if not is_shut(pair[1])]) == []
    assert main_collection("batches").count_documents({}) == 1
