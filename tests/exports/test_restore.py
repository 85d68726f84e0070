"""Restoring: the plan, all or nothing, some of it, the older form, and what is said about it."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import ObjectId
from django.utils import timezone

from batches.rules.metrics.asking import parse_question
from batches.services import metrics
from crew.models import AUDIT
from exports.services.restoring import NoChangeError, complete_pending
from exports.services.restoring import engine as engine_module
from segmentacion.actors import new_operation
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection, main_database
from tests.exports.backups import (
    assert_batches_came_back,
    backup,
    everything,
    insert_raw,
    not_utf8,
    odd_values,
    planned,
    put_back,
    repeated_field,
    staging_left,
)
from tests.factories import ACTOR, batch_document, make_batch, make_batches, stored


def person(name: str, **fields: Any) -> None:
    main_collection("segmentadores").insert_one({"name": name, "active": True, **fields})


def older(tmp_path: Path, **members: Any) -> Path:
    path = tmp_path / "viejo.json"
    document = {"backup_info": {"version": "1.0", "created_at": "2025-10-01 10:00:00"}, **members}
    path.write_text(json.dumps(document, indent=4), encoding="utf-8")
    return path


def clear() -> None:
    for name in everything():
        main_collection(name).delete_many({})


def test_everything_comes_back_byte_for_byte(mongo: None, tmp_path: Path) -> None:
    make_batches(batch_document(f"batch_{n}", extra=odd_values()) for n in range(4))
    person("Flor", extra=odd_values())
    insert_raw("trash", bson.encode({"_id": 1, "kind": "batch", **odd_values()}), repeated_field())
    insert_raw("operations", bson.encode({"_id": "op", "operation": "op", "part": 0, "n": 1}))
    insert_raw("saved_views", not_utf8())
    before = everything()
    path = backup(tmp_path)
    clear()
    report = put_back(path)
    after = everything()
    for name in ("segmentadores", "trash", "saved_views"):
        assert after[name] == before[name]
    assert before["operations"] <= after["operations"]
    assert_batches_came_back(before["batches"], after["batches"])
    assert report.plan.sections["batches"].added == 4


def test_a_restore_is_in_the_access_log_and_the_figures_are_those_of_what_came_back(
    mongo: None, tmp_path: Path
) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    make_batch("batch_2")
    question = parse_question({}, today=timezone.localdate())
    assert metrics.ask(question, own=None, sees_all=True).figures.all.open == 2
    put_back(path)
    assert metrics.ask(question, own=None, sees_all=True).figures.all.open == 1
    assert metrics.recount() == []
    told = main_collection(AUDIT).find_one({"kind": "restore"})
    assert told is not None
    assert (told["who"], told["about"]) == (ACTOR.name, path.name)


def test_what_comes_back_says_so_in_its_history_at_a_new_version(
    mongo: None, tmp_path: Path
) -> None:
    make_batch("batch_1", comments="antes", version=3)
    path = backup(tmp_path)
    main_collection("batches").update_one({}, {"$set": {"comments": "después", "version": 8}})
    report = put_back(path)
    found = stored("batch_1")
    (event,) = found["history"]
    assert (found["comments"], found["version"]) == ("antes", 9)
    assert event["operation"] == report.operation
    assert event["changes"] == [{"field": "respaldo", "old": None, "new": path.name}]
    record = main_collection("operations").find_one({"_id": report.operation})
    assert record is not None
    assert (record["kind"], record["changed"]) == ("restore_backup", 1)
    assert record["keys"] == [found["_id"]]


def test_what_is_equal_is_left_alone(mongo: None, tmp_path: Path) -> None:
    make_batches([batch_document("batch_1"), batch_document("batch_2")])
    path = backup(tmp_path)
    main_collection("batches").update_one({"id": "batch_2"}, {"$set": {"comments": "x"}})
    before = stored("batch_1")
    put_back(path)
    assert stored("batch_1") == before


def test_restoring_twice_finds_nothing_to_do(mongo: None, tmp_path: Path) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    main_collection("batches").update_one({}, {"$set": {"comments": "x"}})
    put_back(path)
    with pytest.raises(NoChangeError):
        put_back(path)


def test_the_safety_backup_goes_back(mongo: None, tmp_path: Path) -> None:
    make_batch("batch_1", comments="uno")
    path = backup(tmp_path)
    main_collection("batches").update_one({}, {"$set": {"comments": "dos"}})
    make_batch("batch_2")
    report = put_back(path)
    assert main_collection("batches").count_documents({}) == 1
    put_back(report.safety)
    assert stored("batch_1")["comments"] == "dos"
    assert stored("batch_2")["id"] == "batch_2"


def test_the_plan_says_what_and_changes_nothing(mongo: None, tmp_path: Path) -> None:
    make_batches([batch_document(f"batch_{n}") for n in range(4)])
    path = backup(tmp_path)
    main_collection("batches").delete_one({"id": "batch_0"})
    main_collection("batches").update_one({"id": "batch_1"}, {"$set": {"status": "In"}})
    make_batch("batch_9")
    before = everything()
    plan = planned(path).sections["batches"]
    assert (plan.added, plan.changed, plan.removed, plan.unchanged) == (1, 1, 1, 2)
    assert (plan.added_names, plan.removed_names) == (["batch_0"], ["batch_9"])
    assert plan.differences[0].fields["status"] == ("In", "NS")
    assert everything() == before


def test_the_plan_calls_things_by_the_names_people_gave_them(mongo: None, tmp_path: Path) -> None:
    main_collection("saved_views").insert_one({"name": "Lo de Flor", "owner": "ana"})
    path = backup(tmp_path)
    main_collection("saved_views").delete_many({})
    main_collection("trash").insert_one({"_id": "operación:clave", "key": "batch_1"})
    plan = planned(path)
    assert plan.sections["saved_views"].added_names == ["Lo de Flor"]
    assert plan.sections["trash"].removed_names == ["batch_1"]


def test_indexes_and_data_versions_follow(mongo: None, tmp_path: Path) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    indexes = main_collection("batches").index_information()
    main_collection("batches").update_one({}, {"$set": {"comments": "x"}})
    before = versions.current("batches")
    put_back(path)
    assert main_collection("batches").index_information() == indexes
    assert versions.current("batches") > before
    assert staging_left() == []


def test_only_the_crew(mongo: None, tmp_path: Path) -> None:
    make_batch("batch_1", comments="antes")
    person("Flor", email="flor@example.com")
    path = backup(tmp_path)
    main_collection("batches").update_one({}, {"$set": {"comments": "después"}})
    main_collection("segmentadores").update_one({}, {"$set": {"email": ""}})
    person("Nueva")
    put_back(path, only_crew=True)
    people = {p["name"]: p.get("email") for p in main_collection("segmentadores").find()}
    assert people == {"Flor": "flor@example.com", "Nueva": None}
    assert stored("batch_1")["comments"] == "después"


def test_only_some_people_bring_their_batches_and_themselves(mongo: None, tmp_path: Path) -> None:
    person("Flor")
    person("Ceci")
    make_batches(
        [batch_document("batch_1", assignee="Flor"), batch_document("batch_2", assignee="Ceci")]
    )
    path = backup(tmp_path)
    main_collection("batches").update_many({}, {"$set": {"assignee": None}})
    main_collection("segmentadores").delete_many({})
    put_back(path, assignees=frozenset({"Flor"}))
    assert (stored("batch_1")["assignee"], stored("batch_2")["assignee"]) == ("Flor", None)
    assert [p["name"] for p in main_collection("segmentadores").find()] == ["Flor"]


def test_only_some_batches(mongo: None, tmp_path: Path) -> None:
    make_batches(batch_document(f"batch_{n:06d}F") for n in range(6))
    path = backup(tmp_path)
    main_collection("batches").update_many({}, {"$set": {"comments": "x"}})
    put_back(
        path,
        ids=frozenset({"batch_000000F"}),
        ranges=(("batch_000002F", "batch_000003F"),),
    )
    back = {b["id"] for b in main_collection("batches").find({"comments": ""})}
    assert back == {"batch_000000F", "batch_000002F", "batch_000003F"}
    assert main_collection("batches").count_documents({}) == 6


def test_the_older_form_is_read_and_normalised(mongo: None, tmp_path: Path) -> None:
    path = older(
        tmp_path,
        segmentadores=["Flor", {"name": "Ceci", "email": "ceci@example.com"}],
        batches=[
            {
                "_id": "66f100000000000000000001",
                "id": "batch_400",
                "assignee": "Flor",
                "status": "s",
                "created_at": "2025-10-14 10:30:00",
                "metadata": {"due_date": "2025-10-20", "priority": "alta"},
                "color": "rojo",
            }
        ],
    )
    put_back(path)
    found = stored("batch_400")
    assert found["_id"] == ObjectId("66f100000000000000000001")
    assert (found["status"], found["color"]) == ("S", "rojo")
    assert found["metadata"]["due_date"] == datetime(2025, 10, 20, tzinfo=UTC)
    assert found["created_at"] == datetime(2025, 10, 14, 16, 30, tzinfo=UTC)
    assert {p["name"] for p in main_collection("segmentadores").find()} == {"Flor", "Ceci"}


def test_the_older_form_keeps_what_it_does_not_know(mongo: None, tmp_path: Path) -> None:
    before = make_batch("batch_400", history=[{"changes": [{"field": "status"}]}], color="azul")
    put_back(older(tmp_path, batches=[{"id": "batch_400", "status": "In", "comments": "x"}]))
    found = stored("batch_400")
    assert found["_id"] == before["_id"]
    assert (found["status"], found["color"]) == ("In", "azul")
    assert len(found["history"]) == 2


def test_a_write_while_it_is_prepared_is_not_lost(
    mongo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    main_collection("batches").update_one({}, {"$set": {"comments": "x"}})
    writes = iter(["batch_2"])
    load = engine_module.load

    def load_and_write(*args: Any) -> Any:
        yield from load(*args)
        for batch_id in writes:
            make_batch(batch_id)

    monkeypatch.setattr(engine_module, "load", load_and_write)
    report = put_back(path)
    assert "batch_2" in report.safety.read_text("utf-8")
    assert report.plan.sections["batches"].removed_names == ["batch_2"]


def test_what_a_killed_restore_left_without_saying_so_is_removed(mongo: None) -> None:
    staging = f"restore_{new_operation()}_batches"
    for name in ("restore_probe_0123abcd", "restore_probe_0123abcd_to", staging, "restore_notas"):
        main_database().create_collection(name)
    try:
        complete_pending()
        assert staging_left() == ["restore_notas"]
    finally:
        main_database().drop_collection("restore_notas")


def test_a_backup_under_another_name_is_restored(mongo: None, tmp_path: Path) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    other = tmp_path / "con espacios y ñ.json"
    shutil.copy(path, other)
    main_collection("batches").delete_many({})
    put_back(other)
    assert stored("batch_1")["history"][0]["changes"][0]["new"] == other.name
