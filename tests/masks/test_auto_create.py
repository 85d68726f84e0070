"""Batches for ids that the store has and this system has not."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from batches.models import Batch
from batches.services import operations
from batches.services.creating import TooManyError, create_batches
from masks.queries import unknown
from masks.services import creating
from masks.services.creating import create_unknown, propose_batches
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import held
from tests.factories import ACTOR, make_batch, put_files, stored
from tests.masks.catalogue import catalogue, file_document

pytestmark = pytest.mark.usefixtures("mongo")
FILES = ["batch_1.zip", "batch_2.zip", "batch_2_b.zip", "masks_batch_000129F.zip", "nada.zip"]


@pytest.fixture
def files() -> None:
    """Three batches in the store, of which `batch_1` is here."""
    make_batch("batch_1")
    catalogue([file_document(name) for name in FILES])
    put_files(FILES)


def post(client: Client, payload: Any = None, **headers: str) -> Any:
    return client.post(
        "/api/auto-create-batches", payload or {}, content_type="application/json", headers=headers
    )


def ids() -> list[str]:
    return sorted(main_collection(Batch.COLLECTION).distinct("id"))


def test_a_dry_run_proposes_and_writes_nothing(lead_client: Client, files: None) -> None:
    answer = post(lead_client, {"dry_run": True}).json()
    assert answer["proposed"] == [
        {"id": "batch_000129F", "files": 1},
        {"id": "batch_2", "files": 2},
    ]
    assert (answer["created"], answer["remaining"]) == (0, 0)
    assert ids() == ["batch_1"]


def test_it_creates_them_with_history_and_marks(lead_client: Client, files: None) -> None:
    answer = post(lead_client).json()
    assert (answer["success"], answer["created"]) == (True, 2)
    assert answer["batches"] == ["batch_000129F", "batch_2"]
    assert answer["message"] == "2 batches creados"
    batch = stored("batch_2")
    assert (batch["folder"], batch["status"], batch["version"]) == ("", "NS", 1)
    event = batch["history"][0]
    assert (event["comment"], event["channel"]) == ("creado desde el almacén", "web")
    assert event["operation"] == answer["operation"]
    assert batch["mongo_uploaded"] is True
    assert batch["file_info"]["file_count"] == 2


def test_it_is_one_operation_of_the_history(lead_client: Client, files: None) -> None:
    operation = post(lead_client).json()["operation"]
    record = operations.find(operation)
    assert record is not None
    assert (record["kind"], record["changed"], len(record["keys"])) == ("import", 2, 2)
    assert "creados desde el almacén" in lead_client.get("/historial").content.decode()


def test_the_same_key_creates_nothing_twice(lead_client: Client, files: None) -> None:
    first = post(lead_client, **{"Idempotency-Key": "clave12345"}).json()
    catalogue([file_document("batch_9.zip")])
    again = post(lead_client, **{"Idempotency-Key": "clave12345"}).json()
    assert again["batches"] == first["batches"]
    assert again["remaining"] == 1
    assert "batch_9" not in ids()


def test_one_that_was_cut_off_goes_on(files: None) -> None:
    operations.begin("cortada1", kind=operations.Kind.IMPORT, actor=ACTOR, keys=[], fields=[])
    assert create_unknown(actor=ACTOR, operation="cortada1").created == ["batch_000129F", "batch_2"]


def test_two_at_once_create_each_batch_once(files: None) -> None:
    with ThreadPoolExecutor(2) as pool:
        reports = list(
            pool.map(lambda n: create_unknown(actor=ACTOR, operation=f"a{n}aaaaaaa"), range(2))
        )
    assert sorted(len(report.created) for report in reports) == [0, 2]
    assert ids() == ["batch_000129F", "batch_1", "batch_2"]
    assert main_collection(Batch.COLLECTION).count_documents({}) == 3


def test_a_second_caller_is_told_when_the_first_takes_long(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(creating.LEASE), pytest.raises(creating.CreatingBusyError, match="Ya se están"):
        create_unknown(actor=ACTOR, operation="espera123", wait=0)


def test_more_than_the_limit_remain(files: None) -> None:
    report = create_unknown(actor=ACTOR, operation="unoalavez", limit=1)
    assert (report.created, report.remaining) == (["batch_000129F"], 1)
    with pytest.raises(TooManyError):
        create_batches([f"batch_{n}" for n in range(10_001)], actor=ACTOR, operation="demasiados")


def test_what_is_not_an_id_creates_no_batch() -> None:
    odd = ["batch_12x", "batch_000129f", "lote_1", "batch_", "batch_1\n", ""]
    catalogue([file_document("x", batches=odd)])
    assert create_unknown(actor=ACTOR, operation="raros1234").created == []
    assert ids() == []


def test_files_that_went_propose_nothing() -> None:
    catalogue([file_document("batch_1.zip", here=False)])
    assert propose_batches().proposed == []


def test_too_many_ids_are_streamed(files: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknown, "MAX_LISTED", 1)
    found = unknown.unknown_batches(10)
    assert [(one.id, one.files) for one in found.first] == [("batch_000129F", 1), ("batch_2", 2)]


def test_it_raises_both_versions(files: None) -> None:
    before = versions.current("batches"), versions.current("batch_ids")
    create_batches(["batch_5"], actor=ACTOR, operation="versiones")
    assert versions.current("batches") > before[0]
    assert versions.current("batch_ids") > before[1]


def test_an_empty_store_leaves_the_marks_to_the_next_run(lead_client: Client) -> None:
    catalogue([file_document("batch_1.zip")])
    answer = post(lead_client).json()
    assert answer["batches"] == ["batch_1"]
    assert "vacío" in answer["marks_pending"]


def test_only_the_lead_may(viewer_client: Client, files: None) -> None:
    assert post(viewer_client).status_code == 403
    assert post(viewer_client, {"dry_run": True}).status_code == 403
    assert ids() == ["batch_1"]


def test_a_key_that_is_none_is_400(lead_client: Client) -> None:
    assert post(lead_client, {"operation": "a b"}).status_code == 400
    assert post(lead_client, {"operation": "$" * 12}).status_code == 400
