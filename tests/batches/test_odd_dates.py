"""A date beyond what Python holds, as another program may store it, stops nothing."""

import pytest
from bson.datetime_ms import DatetimeMS
from django.test import Client

from masks import store
from masks.services.sync import run_sync
from segmentacion.actors import SYNC_ACTOR
from tests.factories import make_batch, put_files, stored

pytestmark = pytest.mark.usefixtures("mongo")

FAR = DatetimeMS(600_000_000_000_000)  # the year 20,983


def test_it_is_listed_and_shown(lead_client: Client) -> None:
    make_batch("batch_1", metadata__due_date=FAR, updated_at=FAR, metadata__assigned_at=FAR)
    assert lead_client.get("/api/batches?sort=due_date").json()["total"] == 1
    assert lead_client.get("/dashboard").status_code == 200


def test_the_sync_passes_over_it(lead_client: Client) -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    store.files().insert_one({"filename": "batch_1.tar", "uploadDate": FAR})
    assert run_sync(actor=SYNC_ACTOR).updated == 1
    assert stored("batch_1")["file_info"]["file_count"] == 2
    assert lead_client.get("/masks").status_code == 200
