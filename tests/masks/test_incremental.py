"""Incremental runs: what they read, when they doubt, what they leave behind."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, Int64, ObjectId

from batches.models import Batch
from batches.services.importing import ImportReport, apply_plan, make_plan, read_entries
from masks import feed, queries, store
from masks.queries import files
from masks.rules import position as rules
from masks.services import incremental
from masks.services.sync import LEASE, SyncRefusedError, wait_for_run
from segmentacion.actors import SYSTEM_ACTOR
from segmentacion.mongo import leases
from segmentacion.mongo.clients import main_collection
from tests.factories import batch_document, make_batch, make_batches, put_files, stored
from tests.masks.syncing import sync

pytestmark = pytest.mark.usefixtures("mongo", "way")


def put_old_file(filename: str, *, hours: float = 5) -> ObjectId:
    """Put a file whose id says that it is hours old: a long upload, or a late clock."""
    key = ObjectId.from_datetime(leases.server_time() - timedelta(hours=hours))
    store.files().insert_one({"_id": key, "filename": filename})
    return key


def change_position(**values: Any) -> None:
    changed = {f"state.{name}": value for name, value in values.items()}
    main_collection(leases.COLLECTION).update_one({"_id": LEASE}, {"$set": changed})


def test_the_first_run_is_full_and_the_next_ones_read_what_is_new() -> None:
    make_batches(batch_document(f"batch_{n}") for n in (1, 2, 3))
    put_files(["batch_1.zip"])
    first = sync()
    put_files(["batch_2.zip", "batch_9.zip", "nada.zip"])
    second, third = sync(), sync()
    assert (first.mode, first.why_full) == ("full", rules.FIRST)
    assert [second.mode, third.mode] == ["incremental"] * 2
    assert [change.batch_id for change in second.changes] == ["batch_2"]
    assert (second.updated, second.up_to_date, second.total_files) == (1, 1, 4)
    assert (third.updated, third.up_to_date, third.without_masks) == (0, 2, 1)
    assert (third.not_found, third.unparsed) == (["batch_9"], ["nada.zip"])


def test_something_new_is_seen_without_the_lease() -> None:
    make_batch("batch_1")
    assert incremental.something_new()
    put_files(["batch_1.zip"])
    sync()
    assert not incremental.something_new()
    put_files(["batch_1_b.zip"])
    with leases.held(LEASE):
        assert incremental.something_new()
    sync()
    assert not incremental.something_new()


def test_a_file_that_arrives_late_is_not_missed() -> None:
    make_batch("batch_1")
    put_files(["batch_2.zip"])
    sync()
    put_old_file("batch_1.zip")
    assert sync().updated == 1
    assert stored("batch_1")["mongo_uploaded"] is True


def test_a_file_from_the_future_does_not_hide_those_that_follow() -> None:
    make_batch("batch_1")
    put_files(["nada.zip"])
    sync()
    put_old_file("batch_7.zip", hours=-9_000)
    sync()
    put_files(["batch_1.zip"])
    assert sync().updated == 1


def test_the_brakes_hold_in_an_incremental_run_and_nothing_moves() -> None:
    names = [f"batch_{n}" for n in range(10)]
    make_batches(batch_document(name) for name in names)
    put_files(f"{name}.zip" for name in names)
    put_files(["nada.zip"])
    sync()
    store.files().delete_many({"filename": {"$regex": "^batch_[0-6]"}})
    before = [leases.state_of(LEASE), list(files.catalogue().find().sort("_id"))]
    for _ in range(2):
        with pytest.raises(SyncRefusedError, match="quitaría la marca a 7 de 10"):
            sync()
    assert [leases.state_of(LEASE), list(files.catalogue().find().sort("_id"))] == before
    assert sync(force=True).cleared == 7


def test_an_emptied_store_is_refused() -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    sync()
    store.files().delete_many({})
    with pytest.raises(SyncRefusedError, match="vacío"):
        sync()


@pytest.mark.parametrize("token", [{"_data": "no"}, {"_data": "82"}, {}, "texto"])
def test_a_token_that_is_lost_leads_to_a_full_run(token: object, way: str) -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    sync()
    change_position(token=token)
    put_files(["batch_1_b.zip"])
    report = sync()
    assert report.updated == 1
    if way == "change stream":
        assert (report.mode, report.why_full) == ("full", rules.CHANGES_LOST)
    assert sync().mode == "incremental"


@pytest.mark.parametrize("how", ["drop", "rename"])
def test_a_store_that_is_dropped_or_renamed_is_read_anew(how: str, way: str) -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    sync()
    if how == "drop":
        store.files().drop()
    else:
        store.files().rename("apartado.files")
    put_files(["batch_1.zip", "batch_1_b.zip"])
    why = sync().why_full
    if way == "change stream":
        assert why == rules.STORE_REPLACED
    assert stored("batch_1")["file_info"]["file_count"] == 2
    assert sync().mode == "incremental"


def test_batches_that_came_since_lead_to_a_full_run(tmp_path: Path) -> None:
    put_files(["batch_1.zip"])
    sync()
    names = tmp_path / "batches.json"
    names.write_text('["batch_1"]', encoding="utf-8")
    plan = make_plan(read_entries(names))
    for _ in apply_plan(plan, actor=SYSTEM_ACTOR, operation="op", report=ImportReport("op")):
        pass
    report = sync()
    assert (report.why_full, report.updated, report.not_found) == (rules.OTHER_BATCHES, 1, [])


def test_an_old_full_run_another_place_and_an_empty_catalogue_lead_to_a_full_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_files(["batch_1.zip"])
    sync()
    change_position(full_at=leases.server_time() - timedelta(hours=25))
    assert "24 h" in sync().why_full
    files.catalogue().drop()
    assert sync().why_full == rules.NO_CATALOGUE
    change_position(place="otro")
    assert sync().why_full == rules.OTHER_PLACE
    assert sync(full=True).why_full == rules.ASKED
    assert sync().mode == "incremental"


def test_ids_of_any_type_are_merged_and_files_that_went_stay_known() -> None:
    keys = [1, Int64(2**40), 2.5, "x", "", None, True, {"a": 1}, Binary(b"q"), ObjectId()]
    store.files().insert_many({"_id": key, "filename": "batch_1.zip"} for key in keys)
    make_batch("batch_1")
    assert sync().updated == 1
    assert files.catalogue().count_documents({"here": True}) == len(keys)
    store.files().delete_many({"_id": {"$in": keys[:4]}})
    sync(full=True)
    gone = list(files.catalogue().find({"here": False}))
    assert [entry["_id"] for entry in gone] == [1, 2.5, 2**40, "x"]
    assert all(entry["gone_at"] for entry in gone)
    assert stored("batch_1")["file_info"]["file_count"] == 6


def test_the_catalogue_keeps_a_verdict_until_the_length_changes() -> None:
    put_files(["batch_1.zip"])
    sync()
    files.catalogue().update_one({}, {"$set": {"verdict": {"kind": "whole"}}})
    store.files().update_one({}, {"$set": {"filename": "batch_2.zip"}})
    sync()
    assert files.catalogue().find_one({"filename": "batch_2.zip"})["verdict"] == {"kind": "whole"}  # type: ignore[index]
    store.files().update_one({}, {"$set": {"length": 5}})
    sync()
    assert "verdict" not in (files.catalogue().find_one({"length": 5}) or {"verdict": "none"})


def test_a_quiet_run_that_finds_nothing_leaves_only_the_time_of_the_look() -> None:
    put_files(["batch_1.zip"])
    sync()
    (run,) = queries.recent_runs()
    report = sync(quiet=True)
    assert len(queries.recent_runs()) == 1
    seen = queries.sync_state().last_good
    assert seen is not None
    assert seen > run["started_at"]
    joined = wait_for_run(report.run_id, seconds=5)
    assert joined is not None
    assert joined["report"]["total_files"] == 1
    put_files(["batch_2.zip"])
    sync(quiet=True)
    assert len(queries.recent_runs()) == 2


def test_a_dry_run_moves_nothing() -> None:
    make_batch("batch_1")
    put_files(["nada.zip"])
    sync()
    put_files(["batch_1.zip"])
    before = leases.state_of(LEASE)
    assert sync(dry_run=True).updated == 1
    assert leases.state_of(LEASE) == before
    assert main_collection(Batch.COLLECTION).count_documents({"mongo_uploaded": True}) == 0


def test_too_many_changes_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    put_files(["batch_1.zip"])
    sync()
    monkeypatch.setattr(feed, "MAX_CHANGES", 3)
    put_files([f"batch_{n}.zip" for n in range(5)])
    assert sync().why_full == rules.TOO_MUCH
