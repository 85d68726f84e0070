"""`/healthz` and `/readyz`: what a load balancer asks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from segmentacion.mongo import clients
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import held
from tests.frame.processes import answer
from tests.site import environment

NOWHERE = "mongodb://127.0.0.1:1/"
ASKED = """
import json
from django.test import Client
client = Client(SERVER_NAME="localhost")
health, ready = client.get("/healthz"), client.get("/readyz")
print(json.dumps([health.status_code, health.content.decode(), ready.status_code, ready.json()]))
"""


@pytest.fixture
def store_down(mongo: None, settings: object) -> Iterator[None]:
    """The mask store is where nobody listens."""
    before, clients._store = clients._store, None
    settings.TRAINING_MONGO_URI = NOWHERE  # type: ignore[attr-defined]
    yield
    if clients._store is not None:
        clients._store[1].close()
    clients._store = before


def test_without_a_database_the_process_is_healthy_but_not_ready() -> None:
    health, said, ready, state = answer(ASKED, environment(MONGO_URI=NOWHERE))
    assert (health, said) == (200, "ok\n")
    assert ready == 503
    assert state == {
        "success": False,
        "database": False,
        "mask_store": False,
        "last_sync": None,
        "last_backup": None,
        "last_backup_failed": None,
        "last_sync_age_seconds": None,
        "last_backup_age_seconds": None,
        "watcher": None,
    }


def test_whoever_has_a_session_asks_no_database_either() -> None:
    health, said, ready, _ = answer(
        ASKED.replace("health, ready", "client.cookies['sessionid'] = 'x' * 32\nhealth, ready", 1),
        environment(MONGO_URI=NOWHERE),
    )
    assert (health, said, ready) == (200, "ok\n", 503)


def test_with_its_database_it_is_ready(stranger: Client) -> None:
    answered = stranger.get("/readyz")
    assert answered.status_code == 200
    assert answered.json() == {
        "success": True,
        "database": True,
        "mask_store": True,
        "last_sync": None,
        "last_backup": None,
        "last_backup_failed": False,
        "last_sync_age_seconds": None,
        "last_backup_age_seconds": None,
        "watcher": False,
    }


def test_with_the_store_down_it_is_ready_and_says_so(store_down: None, stranger: Client) -> None:
    answered = stranger.get("/readyz")
    assert answered.status_code == 200
    assert (answered.json()["database"], answered.json()["mask_store"]) == (True, False)


def test_it_tells_how_old_sync_and_backup_are_and_who_follows_the_store(stranger: Client) -> None:
    made = datetime.now(UTC) - timedelta(hours=2)
    main_collection("sync_runs").insert_one({"_id": "1", "outcome": "ok", "finished_at": made})
    main_collection("backups").insert_one({"_id": "1", "verdict": "good", "created_at": made})
    with held("watch_masks"):
        told = stranger.get("/readyz").json()
    assert told["watcher"] is True
    assert 7_200 <= told["last_sync_age_seconds"] < 7_800
    assert 7_200 <= told["last_backup_age_seconds"] < 7_800


def test_an_old_sync_a_failed_backup_and_no_watcher_leave_it_ready(stranger: Client) -> None:
    long_ago = datetime(2025, 1, 1, tzinfo=UTC)
    main_collection("sync_runs").insert_one({"_id": "1", "outcome": "ok", "finished_at": long_ago})
    main_collection("backups").insert_one({"_id": "1", "verdict": "failed", "created_at": long_ago})
    answered = stranger.get("/readyz")
    assert (answered.status_code, answered.json()["watcher"]) == (200, False)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_only_read(stranger: Client, path: str) -> None:
    assert stranger.post(path).status_code == 405
