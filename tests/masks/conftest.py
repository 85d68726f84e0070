"""What tests of the sync share."""

import pytest
from django.conf import settings


@pytest.fixture(params=["change stream", "asking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of finding what is new; only a replica set has change streams."""
    if request.param == "change stream":
        request.getfixturevalue("store_on_replica_set")
    monkeypatch.setattr(settings, "SYNC_CHANGE_STREAMS", request.param == "change stream")
    return str(request.param)
