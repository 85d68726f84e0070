"""What an adoption does when somebody else writes too, and with values nobody expects."""

from datetime import UTC, datetime
from typing import Any

import pytest

from batches.models import Batch
from batches.services.adoption import AdoptionBusyError, adopt_database, documents, finish
from segmentacion.actors import SYSTEM_ACTOR
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import held
from tests.batches.adoption.older import (
    adopt,
    left,
    utc,
)
from tests.factories import batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("older_server")


def test_it_does_not_overwrite_what_another_program_changes_meanwhile(
    legacy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = documents._bulk

    def change_and_write(*args: Any) -> set[int]:
        change = {"$set": {"metadata.assigned_at": "2025-12-01"}}
        main_collection(Batch.COLLECTION).update_one({"id": "batch_400"}, change)
        return write(*args)

    monkeypatch.setattr(documents, "_bulk", change_and_write)
    report = adopt()
    assert report["conflicts"] == ["batches: 66f100000000000000000001"]
    assert stored("batch_400")["metadata"]["assigned_at"] == "2025-12-01"
    assert "history" not in stored("batch_400")


def test_it_reads_odd_versions_and_histories() -> None:
    make_batch("batch_1", version="7", status="in")
    make_batch("batch_2", history="hecho por Flor", status="ns")
    make_batch("batch_3", version="v1", status="ns")
    report = adopt()
    assert (stored("batch_1")["version"], len(stored("batch_1")["history"])) == (8, 1)
    assert stored("batch_2")["history"][0] == {"found": "hecho por Flor"}
    assert stored("batch_3")["status"] == "ns"
    assert ("batch_3", "version", "v1") in left(report)
    assert adopt()["batches_changed"] == 0


def test_it_keeps_saying_when_somebody_last_changed_a_batch() -> None:
    make_batch("batch_1", status="ns", updated_at="2025-10-01 12:00:00")
    batch = batch_document("batch_2", status="ns")
    del batch["updated_at"]
    make_batches([batch])
    adopt()
    assert stored("batch_1")["updated_at"] == utc(2025, 10, 1, 18)
    assert "updated_at" not in stored("batch_2")


def test_it_survives_a_date_that_python_cannot_hold() -> None:
    make_batch("batch_1", status="ns")
    far = {"$set": {"metadata.due_date": {"$add": [datetime(9999, 1, 1, tzinfo=UTC), 10**14]}}}
    main_collection(Batch.COLLECTION).update_one({}, [far])
    report = adopt()
    assert [(item["key"], item["field"]) for item in report["leftovers"]] == [
        ("batch_1", "metadata.due_date")
    ]


def test_it_runs_once_at_a_time() -> None:
    with held("adopt_database"), pytest.raises(AdoptionBusyError):
        finish(adopt_database(actor=SYSTEM_ACTOR))
