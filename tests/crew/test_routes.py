"""Every address of the product, and who may use it: an address that is not in the table fails.

Each line is asked for with content that the view refuses or that changes nothing of weight: what
is looked at is only whether the door opens.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from crew.models import Segmenter
from crew.rules import Role, Scope
from crew.tokens import NewToken, create_token, issue
from exports.services.jobs import starting
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, PASSWORD, make_batch

pytestmark = pytest.mark.usefixtures("mongo")

L, R, S, V = Role.LEAD, Role.REVIEWER, Role.SEGMENTER, Role.VIEWER
OPEN = "open"  # nobody needs to log in
ALL = frozenset({L, R, S, V})
LEAD = frozenset({L})
WHO = str | frozenset[Role]
KEY = "0" * 24
# What stands for the variable parts of an address: `batch_1` is Flor's, the rest exists nowhere.
PARTS = {
    "batch_id": "batch_1", "file_id": KEY, "image_id": KEY, "key": KEY, "operation": KEY,
    "digest": "0" * 64, "name": "Flor", "uidb64": "MQ", "token": "x-y",
}  # fmt: skip
NOTHING: dict[str, Any] = {"select": {"ids": []}}


class Door(NamedTuple):
    """One method of one address: who may, and what is sent along (a dict goes as JSON)."""

    route: str
    method: str
    who: WHO
    body: Any = None


DOORS = [
    Door("/", "GET", ALL),
    # --- crew
    Door("/login", "GET", OPEN),
    Door("/login", "POST", OPEN),
    Door("/logout", "POST", ALL),
    Door("/team", "GET", ALL),
    Door("/cuenta", "GET", ALL),
    Door("/cuenta/clave", "POST", ALL),
    Door("/cuenta/sesiones", "POST", ALL),
    Door("/cuenta/tokens", "GET", ALL),
    Door("/cuenta/tokens", "POST", ALL),
    Door("/cuenta/tokens/<str:digest>/revocar", "POST", ALL),
    Door("/cuenta/recuperar", "GET", OPEN),
    Door("/cuenta/recuperar", "POST", OPEN),
    Door("/cuenta/recuperar/enviado", "GET", OPEN),
    Door("/cuenta/recuperar/listo", "GET", OPEN),
    Door("/cuenta/recuperar/<str:uidb64>/<str:token>", "GET", OPEN),
    Door("/cuenta/recuperar/<str:uidb64>/<str:token>", "POST", OPEN),
    Door("/historial/accesos", "GET", LEAD),
    Door("/historial/accesos/desbloquear", "POST", LEAD),
    Door("/api/segmentadores", "GET", ALL),
    Door("/api/add-segmentador", "POST", LEAD, {"name": ""}),
    Door("/api/remove-segmentador", "DELETE", LEAD, {"name": ""}),
    # --- batches
    Door("/dashboard", "GET", ALL),
    Door("/dashboard/version", "GET", ALL),
    Door("/dashboard/views", "GET", ALL),
    Door("/dashboard/row/<path:batch_id>", "GET", ALL),
    Door("/metrics", "GET", ALL),
    Door("/historial", "GET", ALL),
    Door("/historial/<str:operation>", "GET", ALL),
    Door("/papelera", "GET", LEAD),
    Door("/papelera/restaurar", "POST", LEAD),
    Door("/papelera/personas", "POST", LEAD),
    Door("/papelera/vaciar", "POST", LEAD),
    Door("/batch-management", "GET", ALL),
    Door("/batch-management/column", "GET", ALL),
    Door("/batch-management/version", "GET", ALL),
    Door("/batch/<path:batch_id>", "GET", ALL),
    Door("/batch/<path:batch_id>", "POST", ALL - {R, V}, [("completed_masks", "1")]),
    Door("/mi-trabajo", "GET", ALL),
    Door("/mi-trabajo", "POST", frozenset({L, S})),
    Door("/api/batches", "GET", ALL),
    Door("/api/batches/bulk", "POST", LEAD, NOTHING),
    Door("/api/batches/bulk/delete", "POST", LEAD, NOTHING),
    Door("/api/batches/<batch_id>", "GET", ALL),
    Door("/api/batches/<batch_id>", "PATCH", ALL - {R, V}, {"completed_masks": 1}),
    Door("/api/batches/<batch_id>", "DELETE", LEAD),
    Door("/api/batches/<batch_id>/comments", "POST", ALL - {V}, {"text": ""}),
    Door("/api/next-batch", "POST", frozenset({L, S})),
    Door("/api/distribute", "POST", LEAD, NOTHING),
    Door("/api/transfer", "POST", LEAD, {}),
    Door("/api/metrics/summary", "GET", ALL),
    Door("/api/metrics/team", "GET", ALL),
    Door("/api/metrics/throughput", "GET", ALL),
    Door("/api/metrics/burnup", "GET", ALL),
    Door("/api/metrics/person/<path:name>", "GET", ALL),  # a segmenter: the own figures
    Door("/api/undo/<operation>", "POST", ALL),
    Door("/api/views", "POST", ALL, {}),
    Door("/api/views/default", "PUT", ALL, {}),
    Door("/api/views/<key>", "PATCH", ALL, {}),
    Door("/api/views/<key>", "DELETE", ALL),
    # --- masks and images
    Door("/masks", "GET", ALL),
    Door("/masks/conciliacion", "GET", ALL),
    Door("/masks/conciliacion", "POST", ALL),
    Door("/masks/sync-state", "GET", ALL),
    Door("/masks/versions/<path:batch_id>", "GET", ALL),
    Door("/masks/preview/<str:file_id>.webp", "GET", ALL),
    Door("/masks/preview/<str:file_id>", "GET", ALL),
    Door("/masks/file/<str:file_id>", "GET", ALL),  # a segmenter: of the own batches
    Door("/intake", "GET", ALL),
    Door("/intake", "POST", frozenset({L, R}), [("action", "retry"), ("image", "no-hay")]),
    Door("/intake/version", "GET", ALL),
    Door("/intake/preview/<str:image_id>.jpg", "GET", ALL),
    Door("/intake/mask/<str:image_id>.png", "GET", ALL),
    Door("/subir/<path:batch_id>", "GET", frozenset({L, S})),
    Door("/api/auto-create-batches", "POST", LEAD, {"dry_run": True}),
    Door("/api/masks", "GET", ALL),
    Door("/api/masks/reconcile", "GET", ALL),
    Door("/api/masks/reconcile", "POST", ALL),
    Door("/api/masks/verify", "POST", frozenset({L, R}), {"outstanding": True}),
    Door("/api/masks/verdict/<file_id>", "GET", ALL),
    Door("/api/sync-batch-files", "POST", ALL, {"dry_run": True}),
    Door("/api/sync-with-training-metrics", "POST", ALL, {"dry_run": True}),
    Door("/api/check-mongo-files", "GET", ALL),
    Door("/api/uploads/<batch_id>", "GET", frozenset({L, S})),
    Door("/api/uploads/<batch_id>", "PUT", frozenset({L, S})),
    Door("/processing_status", "GET", ALL),
    Door("/process_auto", "POST", frozenset({L, R})),
    Door("/process_final", "POST", frozenset({L, R})),
    Door("/force_archive_image", "POST", LEAD),
    # --- exports, backups, mail, the system
    Door("/api/backup/database", "GET", LEAD),
    Door("/api/export/segmentador/<path:name>", "GET", ALL - {S}),
    Door("/api/export/all-assignments", "GET", ALL - {S}),
    Door("/api/export/batches", "GET", ALL - {S}),
    Door("/sistema", "GET", LEAD),
    Door("/sistema/ahora", "GET", LEAD),
    Door("/metrics/prometheus", "GET", LEAD),
    Door("/data-management", "GET", LEAD),
    Door("/data-management/respaldar", "POST", LEAD),
    Door("/data-management/comparar", "POST", LEAD),
    Door("/data-management/respaldos/<str:key>", "GET", LEAD),
    Door("/data-management/respaldos/<str:key>/comprobar", "POST", LEAD),
    Door("/data-management/respaldos/<str:key>/descargar", "GET", LEAD),
    Door("/data-management/respaldos/<str:key>/eliminar", "POST", LEAD),
    Door("/data-management/restaurar", "POST", LEAD),
    Door("/data-management/importar", "POST", LEAD),
    Door("/data-management/importar/<str:key>", "GET", LEAD),
    Door("/data-management/importar/<str:key>", "POST", LEAD),
    Door("/data-management/importar/<str:key>/descartar", "POST", LEAD),
    Door("/data-management/trabajos/<str:key>", "GET", LEAD),
    Door("/data-management/trabajos/<str:key>/restaurar", "POST", LEAD),
    Door("/data-management/trabajos/<str:key>/volver", "POST", LEAD),
    Door("/data-management/correo", "GET", LEAD),
    Door("/data-management/correo/enviar", "POST", LEAD),
    Door("/data-management/cargas", "GET", LEAD),
    Door("/data-management/cargas", "POST", LEAD),
    Door("/data-management/cargas/aplicar", "POST", LEAD),
    Door("/data-management/cargas/deshacer", "POST", LEAD),
    # --- the frame
    Door("/healthz", "GET", OPEN),
    Door("/readyz", "GET", OPEN),
    Door("/api/openapi.json", "GET", ALL),
    Door("/api/docs", "GET", ALL),
]
# Only there so that other addresses can be made from it: it answers nothing.
NOT_SERVED = {"api-root"}
ADMIN = "/admin/"
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


def test_no_address_takes_a_method_that_is_not_in_the_table() -> None:
    lead, known = logged_in(L), {(door.route, door.method) for door in DOORS}
    others = [
        Door(route, method, LEAD)
        for route in {door.route for door in DOORS}
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if (route, method) not in known
    ]
    answers = [(door, ask(lead, door)) for door in others]
    assert wrong([pair for pair in answers if pair[1].status_code != 405]) == []


def test_a_stranger_only_gets_what_is_open() -> None:
    answers = [(door, ask(Client(raise_request_exception=False), door)) for door in DOORS]
    assert wrong([pair for pair in answers if is_shut(pair[1]) == (pair[0].who == OPEN)]) == []


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_what_the_table_says(role: Role) -> None:
    answers = [(door, ask(logged_in(role), door)) for door in DOORS]
    for door, answer in answers:
        assert answer.status_code < 500, f"{door.method} {door.route}: {answer.content!r}"
    assert (
        wrong([p for p in answers if is_shut(p[1]) != (p[0].who != OPEN and role not in p[0].who)])
        == []
    )


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
