"""What tests of the store share: ways of finding what is new, and a store that is away."""

import socket
from collections.abc import Iterator

import pytest
from django.conf import settings

from segmentacion.mongo.clients import close_clients


@pytest.fixture(params=["change stream", "asking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of finding what is new; only a replica set has change streams."""
    if request.param == "change stream":
        request.getfixturevalue("store_on_replica_set")
    monkeypatch.setattr(settings, "SYNC_CHANGE_STREAMS", request.param == "change stream")
    return str(request.param)


@pytest.fixture
def store_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody listens where the store should be, and that is soon known."""
    yield from _store_at("mongodb://127.0.0.1:1/", monkeypatch)


@pytest.fixture
def store_silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where the store should be, every connection is taken and never a word is said."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        yield from _store_at(f"mongodb://127.0.0.1:{ear.getsockname()[1]}/", monkeypatch)


def _store_at(uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    impatient = {**settings.MONGO_OPTIONS, "serverSelectionTimeoutMS": 100}
    monkeypatch.setattr(settings, "TRAINING_MONGO_URI", uri)
    monkeypatch.setattr(settings, "MONGO_OPTIONS", impatient)
    close_clients()
    yield
    monkeypatch.undo()
    close_clients()
