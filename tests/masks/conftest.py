"""What tests of the store share: ways of finding what is new, and a store that is away."""

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
    impatient = {**settings.MONGO_OPTIONS, "serverSelectionTimeoutMS": 100}
    monkeypatch.setattr(settings, "TRAINING_MONGO_URI", "mongodb://127.0.0.1:1/")
    monkeypatch.setattr(settings, "MONGO_OPTIONS", impatient)
    close_clients()
    yield
    monkeypatch.undo()
    close_clients()
