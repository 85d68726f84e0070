"""Files that come, go or change while a full run reads: marked right, and no full run more."""

from collections.abc import Callable
from typing import Any

import pytest

from batches.models import Batch
from masks import store
from masks.services import catalogue
from masks.services.sync import SyncRefusedError
from segmentacion.mongo.clients import main_collection
from tests.factories import batch_document, make_batches, put_files, stored
from tests.masks.syncing import sync

pytestmark = pytest.mark.usefixtures("mongo", "way")


def make(count: int) -> None:
    make_batches(batch_document(f"batch_{n}") for n in range(count))


def marked() -> list[int]:
    found = main_collection(Batch.COLLECTION).find({"mongo_uploaded": True}, {"id": 1})
    return sorted(int(document["id"].removeprefix("batch_")) for document in found)


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any], *, late: bool = False
) -> None:
    """Let something happen in the store between scan and merge, or right after the merge."""
    real = catalogue.merge_store

    def merging(**options: Any) -> catalogue.Merged:
        if not late:
            act()
        merged = real(**options)
        if late:
            act()
        return merged

    monkeypatch.setattr(catalogue, "merge_store", merging)


def test_a_file_that_comes_is_marked_by_the_same_run(monkeypatch: pytest.MonkeyPatch) -> None:
    make(3)
    put_files(["nada.zip", "batch_2.zip"])
    meanwhile(monkeypatch, lambda: put_files(["batch_1.zip"]))
    report = sync()
    assert marked() == [1, 2]
    assert (report.mode, report.updated, report.up_to_date, report.total_files) == ("full", 2, 0, 3)
    assert sorted(change.batch_id for change in report.changes) == ["batch_1", "batch_2"]
    after = sync()
    assert (after.mode, after.updated, after.up_to_date) == ("incremental", 0, 2)


@pytest.mark.parametrize("late", [False, True])
def test_steady_uploads_do_not_make_every_run_a_full_one(
    monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    make(12)
    numbers = iter(range(12))
    meanwhile(monkeypatch, lambda: put_files([f"batch_{next(numbers)}.zip"]), late=late)
    modes = []
    for _ in range(3):
        put_files([f"batch_{next(numbers)}.zip"])
        modes.append(sync(full=True).mode)
        put_files([f"batch_{next(numbers)}.zip"])
        modes.append(sync().mode)
    assert modes == ["full", "incremental"] * 3
    assert marked() == list(range(next(numbers)))


def test_what_goes_or_gets_another_name_is_marked_right(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    make(9)
    put_files([f"batch_{n}.zip" for n in range(1, 8)])

    def act() -> None:
        store.files().delete_one({"filename": "batch_1.zip"})
        renamed = {"$set": {"filename": "batch_8.zip"}}
        store.files().update_one({"filename": "batch_2.zip"}, renamed)

    meanwhile(monkeypatch, act)
    sync()
    assert marked() == [3, 4, 5, 6, 7, 8]
    assert stored("batch_1")["file_info"]["file_count"] == 0
    assert sync().mode == "incremental"


def test_the_brakes_hold_for_what_goes_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    make(9)
    put_files([f"batch_{n}.zip" for n in range(9)])
    sync()
    put_files(["batch_0.zip"])
    kept = {"filename": {"$ne": "batch_1.zip"}}
    meanwhile(monkeypatch, lambda: store.files().delete_many(kept))
    for _ in range(2):
        with pytest.raises(SyncRefusedError):
            sync(full=True)
        assert marked() == list(range(9))
