"""`/healthz` and `/readyz`: what a load balancer asks."""

from collections.abc import Iterator

import pytest
from django.test import Client

from segmentacion.mongo import clients
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
    }


def test_with_its_database_it_is_ready(stranger: Client) -> None:
    answered = stranger.get("/readyz")
    assert answered.status_code == 200
    assert answered.json() == {
        "success": True,
        "database": True,
        "mask_store": True,
        "last_sync": None,
        "last_backup": None,
    }


def test_with_the_store_down_it_is_ready_and_says_so(store_down: None, stranger: Client) -> None:
    answered = stranger.get("/readyz")
    assert answered.status_code == 200
    assert (answered.json()["database"], answered.json()["mask_store"]) == (True, False)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_only_read(stranger: Client, path: str) -> None:
    assert stranger.post(path).status_code == 405
