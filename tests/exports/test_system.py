"""`/sistema` and `/metrics/prometheus`: who sees them, what they say, and with a server down."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from crew.rules import Scope
from crew.tokens import create_token
from exports.queries.system import servers
from segmentacion.http import deadline
from segmentacion.mongo import clients
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import held
from segmentacion.telemetry.tally import BOUNDS, TALLY
from tests.factories import batch_document
from tests.frame.processes import answer
from tests.mongods import STANDALONE
from tests.site import environment

FIGURES = "/metrics/prometheus"
MONITOR = "un-token-de-monitoreo-de-mas-de-32-letras"
NOWHERE = "mongodb://127.0.0.1:1/"
SCRAPED = f"""
import json
from django.test import Client
token = {{"Authorization": "Bearer {MONITOR}"}}
asked = Client(SERVER_NAME="localhost").get("{FIGURES}", headers=token)
print(json.dumps([asked.status_code, asked.content.decode()]))
"""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def figures(text: str) -> dict[tuple[str, frozenset[Any]], float]:
    """Return samples by name and labels, as Prometheus' own parser reads them."""
    return {
        (sample.name.removeprefix("segmentacion_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(text: str, name: str, **labels: str) -> float | None:
    return figures(text).get((name, frozenset(labels.items())))


@pytest.fixture
def lead_scrapes(lead_client: Client) -> Any:
    def scrape() -> str:
        return lead_client.get(FIGURES).content.decode()

    return scrape


@pytest.fixture
def store_down(
    mongo: None, patient: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The mask store is where nobody listens."""
    monkeypatch.setattr(servers, "STORE_SECONDS", 0.5)
    before, clients._store = clients._store, None
    settings.TRAINING_MONGO_URI = NOWHERE
    yield
    if clients._store is not None:
        clients._store[1].close()
    clients._store = before


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """However busy this machine is, a server that is up has the time to answer."""
    monkeypatch.setattr(deadline, "READ_SECONDS", 60.0)
    monkeypatch.setattr(servers, "MAIN_SECONDS", 20.0)
    monkeypatch.setattr(servers, "STORE_SECONDS", 20.0)
    TALLY.take()
    yield
    TALLY.take()


def page(client: Client) -> str:
    answered = client.get("/sistema")
    assert answered.status_code == 200
    return answered.content.decode()


def test_the_lead_sees_servers_sync_backups_images_and_disks(lead_client: Client) -> None:
    shown = page(lead_client)
    for title in ("Base principal", "Almacén de máscaras", "Sincronización", "Respaldos",
                  "Imágenes", "Espacio en disco", "Peticiones de hoy"):  # fmt: skip
        assert title in shown
    assert ("independiente" if STANDALONE else "conjunto de réplicas") in shown
    assert "Todavía no hay un respaldo bueno" in shown
    assert 'href="/sistema"' in shown


def test_nobody_else_does(viewer_client: Client, stranger: Client) -> None:
    assert viewer_client.get("/sistema").status_code == 403
    assert 'href="/sistema"' not in viewer_client.get("/dashboard").content.decode()
    assert stranger.get("/sistema")["Location"].startswith("/login")


def test_the_page_follows_by_its_changing_part_alone(
    lead_client: Client, viewer_client: Client
) -> None:
    part = lead_client.get("/sistema/ahora").content.decode()
    assert "Base principal" in part
    assert "<html" not in part
    assert viewer_client.get("/sistema/ahora").status_code == 403


@pytest.mark.parametrize(
    ("hello", "kind"),
    [
        ({}, "independiente"),
        ({"setName": "rs0", "hosts": ["a:1"]}, "conjunto de réplicas"),
        ({"setName": "rs0", "hosts": ["a:1", "b:1", "c:1"]}, "conjunto de réplicas de 3"),
        ({"msg": "isdbgrid"}, "clúster con fragmentos"),
    ],
)
def test_each_kind_of_server_is_named(hello: dict[str, Any], kind: str) -> None:
    assert servers.kind_of(hello) == kind


def test_it_says_who_follows_the_store_and_that_all_is_well(lead_client: Client) -> None:
    now = datetime.now(UTC)
    main_collection("sync_runs").insert_one(
        {"_id": "1", "outcome": "ok", "started_at": now, "finished_at": now}
    )
    main_collection("backups").insert_one(
        {"_id": "1", "verdict": "good", "created_at": now, "size": 2_097_152}
    )
    with held("watch_masks", info={"host": "otro-servidor", "mode": "stream"}):
        shown = page(lead_client)
    assert "Nadie sigue" not in shown
    assert "por flujo de cambios" in shown
    assert "desde otro-servidor" in shown
    assert "2.0 MB" in shown


def test_errors_and_slow_requests_of_today_are_listed(lead_client: Client) -> None:
    sample = {"at": datetime.now(UTC), "method": "GET", "route": "/team", "status": 500, "ms": 3.1,
              "db": 2, "db_ms": 1.0, "request": "id-de-la-falla", "error": "KeyError"}  # fmt: skip
    slow = {**sample, "status": 200, "ms": 4_321.5, "request": "id-de-la-lenta"}
    main_collection("request_days").insert_one(
        {"_id": timezone.localdate().isoformat(), "requests": 1_234, "errors": 1, "slow_count": 7,
         "failed": [sample], "slow": [slow]}
    )  # fmt: skip
    shown = page(lead_client)
    for words in ("1,234", "id-de-la-falla", "KeyError", "id-de-la-lenta", "4,321.5 ms",
                  "Las 1 más recientes de 7", "Peticiones que fallaron hoy: 1"):  # fmt: skip
        assert words in shown


def test_odd_samples_of_another_version_do_not_break_the_page(lead_client: Client) -> None:
    main_collection("request_days").insert_one(
        {"_id": timezone.localdate().isoformat(), "failed": [{}], "slow": [{"ms": "x"}]}
    )
    page(lead_client)


def test_with_the_store_down_the_rest_is_shown(store_down: None, lead_client: Client) -> None:
    shown = page(lead_client)
    assert "El almacén de máscaras no responde" in shown
    assert "No respondió a tiempo" in shown
    assert "Responde" in shown


def test_a_disk_that_cannot_be_read_is_said(
    lead_client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr("shutil.disk_usage", refuse)
    assert "No se puede leer" in page(lead_client)


@pytest.mark.parametrize("token", ["", "seg_inventado", "ñ"])
def test_the_figures_need_a_token(stranger: Client, token: str) -> None:
    headers = bearer(token) if token else {}
    answered = stranger.get(FIGURES, headers=headers)
    assert answered.status_code == 401
    assert answered["WWW-Authenticate"].startswith("Bearer")


def test_the_figures_are_for_who_may_see_the_page(viewer_client: Client, lead: User) -> None:
    assert viewer_client.get(FIGURES).status_code == 403
    token = create_token("lider", scope=Scope.PROMETHEUS)
    answered = Client().get(FIGURES, headers=bearer(token))
    assert answered.status_code == 200
    assert answered["Content-Type"].startswith("text/plain; version=0.0.4")


def test_a_session_that_ended_by_itself_opens_the_figures_no_more(
    lead_client: Client, settings: Any
) -> None:
    assert lead_client.get(FIGURES).status_code == 200
    lead_client.get("/sistema/ahora")
    session = lead_client.session
    session["seen"] = time.time() - settings.SESSION_IDLE_HOURS * 3600 - 1
    session.save()
    assert lead_client.get(FIGURES).status_code == 401
    assert "_auth_user_id" not in lead_client.session


def test_the_monitors_token_opens_the_figures_and_nothing_else(
    mongo: None, settings: Any, stranger: Client
) -> None:
    settings.METRICS_TOKEN = MONITOR
    assert stranger.get(FIGURES, headers=bearer(MONITOR)).status_code == 200
    assert stranger.get("/api/batches", headers=bearer(MONITOR)).status_code == 401
    assert stranger.get("/sistema", headers=bearer(MONITOR)).status_code == 302
    assert stranger.get(FIGURES, headers=bearer(MONITOR + "x")).status_code == 401


def test_without_a_monitors_token_an_empty_one_opens_nothing(stranger: Client) -> None:
    assert stranger.get(FIGURES, headers={"Authorization": "Bearer "}).status_code == 401


def test_a_monitors_token_that_is_too_short_stops_the_program() -> None:
    with pytest.raises(AssertionError, match="METRICS_TOKEN"):
        answer("", environment(METRICS_TOKEN="corto"))


def test_the_figures_say_how_things_are(lead_scrapes: Any) -> None:
    main_collection("batches").insert_one(batch_document("batch_000129F", mongo_uploaded=True))
    with held("watch_masks"):
        text = lead_scrapes()
    assert figure(text, "database_up", database="main") == 1
    assert figure(text, "database_up", database="store") == 1
    assert figure(text, "watcher_up") == 1
    assert figure(text, "batches_uploaded") == figure(text, "batches") == 1
    assert figure(text, "last_backup_timestamp_seconds") is None
    assert figure(text, "intake_images", state="failed") == 0


def test_requests_have_counts_and_a_histogram_that_agree(
    lead_client: Client, lead_scrapes: Any
) -> None:
    for _ in range(3):
        lead_client.get("/api/batches")
    text = lead_scrapes()
    labels = {"method": "GET", "route": "/api/batches"}
    assert figure(text, "http_requests_total", status="200", **labels) == 3
    assert figure(text, "http_request_duration_seconds_count", **labels) == 3
    name = "http_request_duration_seconds_bucket"
    buckets = [figure(text, name, le=str(bound), **labels) for bound in (*BOUNDS, "+Inf")]
    assert buckets[-1] == 3
    assert buckets == sorted(buckets, key=lambda value: value or 0)
    assert (figure(text, "http_request_database_commands_total", **labels) or 0) >= 3
    assert (figure(text, "mongo_commands_total", command="find") or 0) > 0


def test_a_route_of_odd_characters_does_not_break_the_format(lead_scrapes: Any) -> None:
    TALLY.add_request(('/a"b\\c\nd', "GET", 200), 0.1, 0)
    assert figure(lead_scrapes(), "http_requests_total", method="GET", status="200",
                  route='/a"b\\c\nd') == 1  # fmt: skip


def test_with_the_store_down_the_figures_say_so(store_down: None, lead_scrapes: Any) -> None:
    text = lead_scrapes()
    assert figure(text, "database_up", database="store") == 0
    assert figure(text, "database_up", database="main") == 1


def test_with_the_main_database_down_the_monitor_still_gets_figures() -> None:
    status, text = answer(SCRAPED, environment(MONGO_URI=NOWHERE, METRICS_TOKEN=MONITOR))
    assert status == 200
    assert figure(text, "database_up", database="main") == 0
    assert figure(text, "watcher_up") is None
    assert "segmentacion_disk_free_bytes" in text
