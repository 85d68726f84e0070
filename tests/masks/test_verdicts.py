"""Verifying what the store holds: what it reads, and the verdicts it keeps."""

from typing import Any

import pytest

from batches.models import Batch
from masks import store
from masks.services.sync import run_sync
from masks.services.verifying import StoreStoppedError
from masks.verifying import delivery
from segmentacion.mongo.clients import main_collection
from tests.factories import make_batch, stored
from tests.masks.verified import COMMAND, WHOLE, catalogue, kept, put, run

pytestmark = pytest.mark.usefixtures("mongo")


def in_the_store() -> list[list[dict[str, Any]]]:
    return [list(found.find().sort("_id")) for found in (store.files(), store.chunks())]


def replace_first(chunks: Any, file_id: Any, data: Any) -> None:
    chunks.update_one({"files_id": file_id, "n": 0}, {"$set": {"data": data}})


def test_a_verdict_is_kept_and_shown_on_file_and_batch() -> None:
    make_batch("batch_1", version=4)
    file_id = put(WHOLE, "batch_1")
    report = run()
    assert (report.verified, report.kinds["whole"], report.batches_updated) == (1, 1, 1)
    assert kept(file_id)["counts"]["masks"] == 3
    assert kept(file_id)["who"] == "verify_masks"
    assert catalogue().find_one({"_id": file_id})["verdict"]["kind"] == "whole"
    batch = stored("batch_1")
    assert batch["mask_verdict"]["kind"] == "whole"
    assert batch["mask_verdict"]["file_id"] == file_id
    assert batch["version"] == 4
    assert batch["history"][-1]["changes"] == [
        {"field": "mask_verdict", "old": None, "new": "whole"}
    ]


def test_neither_the_sync_nor_verifying_touches_the_store() -> None:
    make_batch("batch_1")
    put(WHOLE, "batch_1")
    put(b"corrupto", "batch_2")
    before = in_the_store()
    run_sync(actor=COMMAND, full=True)
    run()
    assert kept(before[0][0]["_id"])
    assert in_the_store() == before


def test_only_the_newest_file_speaks_for_its_batch() -> None:
    make_batch("batch_1")
    put(WHOLE, "batch_1", days=1)
    newest = put(WHOLE[:-50], "batch_1", days=2)
    run()
    assert stored("batch_1")["mask_verdict"]["file_id"] == newest
    assert stored("batch_1")["mask_verdict"]["kind"] == "incomplete"


@pytest.mark.parametrize(
    ("spoil", "kind", "reason"),
    [
        (lambda c, i: c.delete_one({"files_id": i, "n": 1}), "incomplete", "falta el trozo 1"),
        (lambda c, i: c.delete_many({"files_id": i}), "incomplete", "le faltan"),
        (lambda c, i: c.insert_one({"files_id": i, "n": 99, "data": b"x"}), "incomplete", "trozo"),
        (lambda c, i: replace_first(c, i, b"x"), "corrupt", "mide"),
        (lambda c, i: replace_first(c, i, "x"), "corrupt", "bytes"),
    ],
)  # fmt: skip
def test_the_store_has_to_deliver_every_byte(spoil: Any, kind: str, reason: str) -> None:
    file_id = put(WHOLE, "batch_1")
    spoil(store.chunks(), file_id)
    run()
    assert kept(file_id)["kind"] == kind
    assert reason in kept(file_id)["reason"]


def test_a_file_that_does_not_say_its_length_is_corrupt() -> None:
    file_id = put(WHOLE, "batch_1")
    store.files().update_one({"_id": file_id}, {"$unset": {"length": 1}})
    catalogue().update_one({"_id": file_id}, {"$unset": {"length": 1}})
    run()
    assert kept(file_id)["reason"] == "el almacén no dice cuánto mide"


def test_a_chunk_too_many_is_corrupt() -> None:
    file_id = put(WHOLE, "batch_1")
    extra = store.chunks().count_documents({"files_id": file_id})
    store.chunks().insert_one({"files_id": file_id, "n": extra, "data": b"x"})
    run()
    assert (kept(file_id)["kind"], "sobran" in kept(file_id)["reason"]) == ("corrupt", True)


def test_what_has_a_verdict_is_not_read_again_unless_asked() -> None:
    file_id = put(WHOLE, "batch_1")
    run()
    first = kept(file_id)
    assert (run().cached, kept(file_id)) == (1, first)
    store.chunks().delete_many({"files_id": file_id})
    assert run(again=True).verified == 1
    assert kept(file_id)["kind"] == "incomplete"


def test_a_verdict_that_was_not_yet_shown_is_shown_without_reading_again() -> None:
    make_batch("batch_1")
    file_id = put(WHOLE, "batch_1")
    run()
    catalogue().update_one({"_id": file_id}, {"$unset": {"verdict": 1}})
    main_collection(Batch.COLLECTION).update_one({"id": "batch_1"}, {"$unset": {"mask_verdict": 1}})
    assert run().cached == 1
    assert stored("batch_1")["mask_verdict"]["kind"] == "whole"
    assert catalogue().find_one({"_id": file_id})["verdict"]["masks"] == 3


def test_a_file_that_vanishes_has_no_verdict_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = put(WHOLE, "batch_1")
    check = delivery.Delivery.check

    def vanish(self: Any) -> Any:
        finding = check(self)
        store.bucket().delete(file_id)
        return finding

    monkeypatch.setattr(delivery.Delivery, "check", vanish)
    report = run()
    assert (report.verified, report.vanished) == (0, ["masks_batch_1.tar.xz"])
    assert kept(file_id) is None


def test_a_store_that_is_away_leaves_no_verdict(request: pytest.FixtureRequest) -> None:
    file_id = put(WHOLE, "batch_1")
    request.getfixturevalue("store_away")
    with pytest.raises(StoreStoppedError, match="dejó de responder"):
        run()
    assert kept(file_id) is None
    assert "verdict" not in catalogue().find_one({"_id": file_id})
