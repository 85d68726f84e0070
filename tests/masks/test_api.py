"""The sync and the store over HTTP, as API.md says."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from masks import store
from masks.services import sync
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo.leases import held
from tests.factories import make_batch, put_file, put_files, stored

pytestmark = pytest.mark.usefixtures("mongo")


def post(client: Client, path: str, payload: Any = None) -> Any:
    return client.post(path, payload or {}, content_type="application/json")


def test_it_syncs_and_lists_the_batches_that_changed(viewer_client: Client) -> None:
    make_batch("batch_1")
    make_batch("batch_2")
    put_files(["batch_1.zip", "batch_9.zip", "nada.zip"])
    answer = post(viewer_client, "/api/sync-batch-files")
    assert answer.status_code == 200
    report = answer.json()
    assert report["results"] == [
        {
            "batch_id": "batch_1", "file_count": 1,
            "last_file_upload": "2025-10-01T12:00:00.000Z", "mongo_uploaded": True,
        }
    ]  # fmt: skip
    assert report["message"] == "Sincronización optimizada: 1 batches actualizados"
    figures = (
        "success",
        "batches_updated",
        "total_batches",
        "total_files_found",
        "already_updated",
    )
    assert [report[name] for name in figures] == [True, 1, 2, 3, 0]
    assert (report["not_found"], report["unparsed"]) == (["batch_9"], ["nada.zip"])


def test_it_works_without_a_body(lead_client: Client) -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    assert lead_client.generic("POST", "/api/sync-batch-files").status_code == 200


def test_the_older_endpoint_sums_up(lead_client: Client) -> None:
    make_batch("batch_1")
    make_batch("batch_2")
    put_files(["batch_1.zip", "batch_1_b.zip"])
    assert post(lead_client, "/api/sync-with-training-metrics").json() == {
        "success": True,
        "total_files": 2,
        "batches_with_masks": 1,
        "batches_without_masks": 1,
        "batches_updated": 1,
        "message": "Sincronización completa: 1 batches con máscaras",
    }


def test_the_brakes_answer_409_with_the_reason(lead_client: Client) -> None:
    answer = post(lead_client, "/api/sync-batch-files")
    assert answer.status_code == 409
    assert "vacío" in answer.json()["error"]


def test_a_second_caller_gets_the_running_ones_result(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    run_id = sync.run_sync(actor=SYNC_ACTOR).run_id
    with held(sync.LEASE, info={"run_id": run_id}):
        answer = post(lead_client, "/api/sync-batch-files")
    assert answer.status_code == 200
    assert (answer.json()["joined"], answer.json()["run_id"]) == (True, run_id)


def test_a_second_caller_is_told_when_the_running_one_takes_long(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("masks.api.sync.WAIT_SECONDS", 0.3)
    with held(sync.LEASE, info={"run_id": "otra"}):
        answer = post(lead_client, "/api/sync-batch-files")
    assert answer.status_code == 409
    assert "en curso" in answer.json()["error"]


@pytest.mark.parametrize("trouble", ["store_away", "store_silent"])
def test_a_store_that_does_not_answer_is_said_and_the_dashboard_is_as_ever(
    lead_client: Client, request: pytest.FixtureRequest, trouble: str
) -> None:
    make_batch("batch_1", mongo_uploaded=True)
    before = stored("batch_1")
    request.getfixturevalue(trouble)
    assert "batch_1" in lead_client.get("/dashboard").content.decode()
    answer = post(lead_client, "/api/sync-batch-files")
    assert answer.status_code == 503
    assert "no responde: no se cambió nada" in answer.json()["error"]
    assert "batch_1" in lead_client.get("/dashboard").content.decode()
    assert stored("batch_1") == before


def test_it_lists_the_newest_files(lead_client: Client) -> None:
    for day in range(3):
        put_file(f"masks_batch_40{day}.tar.xz", days=day, uploaded_by="flor")
    answer = lead_client.get("/api/check-mongo-files?limit=2").json()
    assert answer == {
        "success": True,
        "total_files": 2,
        "recent_files": [
            {
                "filename": f"masks_batch_40{day}.tar.xz",
                "uploadDate": f"2025-10-0{day + 1}T12:00:00",
                "size_mb": 15.0, "uploaded_by": "flor",
            }
            for day in (2, 1)
        ],
        "batch_patterns": {
            "batch_402": ["masks_batch_402.tar.xz"], "batch_401": ["masks_batch_401.tar.xz"]
        },
        "database": settings.TRAINING_DB,
        "collection": "training_metrics.masks.files",
        "message": f"Se encontraron 2 archivos en {settings.TRAINING_DB}",
    }  # fmt: skip


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", "9" * 50])
def test_a_limit_out_of_range_is_400(lead_client: Client, limit: str) -> None:
    answer = lead_client.get(f"/api/check-mongo-files?limit={limit}")
    assert answer.status_code == 400
    assert "limit" in answer.json()["error"]


def test_odd_files_are_listed(lead_client: Client) -> None:
    store.files().insert_one({"filename": None, "metadata": "x"})
    answer = lead_client.get("/api/check-mongo-files").json()
    assert answer["recent_files"] == [
        {"filename": None, "uploadDate": None, "size_mb": None, "uploaded_by": None}
    ]
