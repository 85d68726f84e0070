"""`GET /api/batches` and `GET /api/batches/<id>`, as API.md says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from segmentacion.mongo.clients import main_collection
from tests.factories import MOMENT, batch_document, make_batch, make_batches

pytestmark = pytest.mark.usefixtures("mongo")


def test_it_shows_a_batch_in_the_stable_shape(lead_client: Client) -> None:
    make_batch(
        "batch_000129F",
        assignee="Mauricio",
        status="In",
        comments="En proceso",
        mongo_uploaded=True,
        version=7,
        cliente="IEMSA",
        file_info={
            "file_count": 2, "last_file_upload": datetime(2025, 10, 15, 1, 28, 43, 196000, UTC),
            "has_files": True, "files": ["a", "b"],
        },
        metadata__assigned_at=datetime(2025, 10, 14, 16, 30, tzinfo=UTC),
        metadata__due_date=datetime(2025, 10, 20, tzinfo=UTC),
        metadata__total_masks=150,
        metadata__nota="rara",
    )  # fmt: skip
    answer = lead_client.get("/api/batches/batch_000129F").json()
    assert answer["success"] is True
    batch = answer["batch"]
    assert "_id" not in batch
    assert "history" not in batch
    assert batch["file_info"]["last_file_upload"] == "2025-10-15T01:28:43.196Z"
    assert batch["metadata"] == {
        "assigned_at": "2025-10-14 10:30:00", "due_date": "2025-10-20", "priority": "media",
        "review_status": "Pendiente", "total_masks": 150, "completed_masks": 0, "nota": "rara",
    }  # fmt: skip
    assert (batch["version"], batch["cliente"], batch["completed_at"]) == (7, "IEMSA", None)
    assert batch["created_at"] == "2025-10-01T12:00:00.000Z"


def test_history_comes_when_asked_for(lead_client: Client) -> None:
    make_batch("batch_1", history=[{"at": MOMENT, "who": "x"}])
    assert "history" not in lead_client.get("/api/batches/batch_1").json()["batch"]
    batch = lead_client.get("/api/batches/batch_1?history=1").json()["batch"]
    assert batch["history"] == [{"at": "2025-10-01T12:00:00.000Z", "who": "x"}]


def test_an_unknown_batch_is_404_in_spanish(lead_client: Client) -> None:
    answer = lead_client.get("/api/batches/batch_9")
    assert (answer.status_code, answer.json()["error"]) == (404, "'batch_9' no existe")


def test_a_list_has_its_page_and_its_whole(lead_client: Client) -> None:
    make_batches([batch_document(f"batch_{n:03d}") for n in range(120)])
    answer = lead_client.get("/api/batches?page=2&per_page=50").json()
    assert len(answer.pop("batches")) == 50
    cursor = answer.pop("next_cursor")
    assert answer == {"success": True, "total": 120, "page": 2, "per_page": 50, "pages": 3}
    rest = lead_client.get("/api/batches", {"per_page": 50, "cursor": cursor}).json()
    assert [batch["id"] for batch in rest["batches"]] == [f"batch_{n}" for n in range(100, 120)]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["color=rojo", "status=X", "per_page=501", "sort=folder"])
def test_a_wrong_parameter_is_400_and_named(lead_client: Client, query: str) -> None:
    answer = lead_client.get(f"/api/batches?{query}")
    assert answer.status_code == 400
    assert query.split("=", maxsplit=1)[0] in answer.json()["error"]


@pytest.mark.parametrize(
    "document",
    [
        {"_id": "texto", "id": "batch_1"},
        {"_id": 5, "id": "batch_1", "metadata": None, "file_info": "x", "status": None},
        {"_id": 5, "id": "batch_1", "metadata": {"due_date": "2025-02-30", "total_masks": "80"}},
        {"_id": 5, "status": "NS"},
    ],
)
def test_odd_documents_are_listed_as_they_are(
    lead_client: Client, document: dict[str, Any]
) -> None:
    main_collection("batches").insert_one(document)
    answer = lead_client.get("/api/batches")
    assert answer.status_code == 200
    assert len(answer.json()["batches"]) == 1


def test_there_is_an_openapi_document(lead_client: Client) -> None:
    paths = lead_client.get("/api/openapi.json").json()["paths"]
    assert "/api/sync-batch-files" in paths
    assert lead_client.get("/api/docs").status_code == 200
