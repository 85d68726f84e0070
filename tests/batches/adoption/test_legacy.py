"""Adopting the oldest database we have seen, document by document."""

from typing import Any

import pytest
from bson import ObjectId

from batches.models import empty_file_info, empty_metadata
from segmentacion.mongo import trash, versions
from segmentacion.mongo.clients import main_collection
from tests.batches.adoption.older import (
    adopt,
    by_key,
    contents_of,
    everything,
    left,
    utc,
)
from tests.factories import stored

pytestmark = pytest.mark.usefixtures("older_server")


def test_it_normalises_the_oldest_batch(legacy: Any) -> None:
    adopt()
    batch = stored("batch_400")
    assert batch["metadata"] == {
        "assigned_at": utc(2025, 9, 15, 6), "due_date": utc(2025, 9, 30), "priority": "alta",
        "review_status": "Pendiente", "total_masks": 0, "completed_masks": 0,
    }  # fmt: skip
    assert batch["file_info"] == {
        "file_count": 3, "last_file_upload": utc(2025, 10, 1, 10, 30), "has_files": True,
        "files": ["masks_batch_400.tar.xz", "batch_400_part1.zip", "batch_400_part2.zip"],
    }  # fmt: skip
    assert batch["training_metrics_info"] == legacy["batches"][0]["training_metrics_info"]


def test_it_normalises_string_times_of_both_documents_of_an_id(legacy: Any) -> None:
    adopt()
    first, second = by_key("66f100000000000000000002"), by_key("66f100000000000000000008")
    assert first["metadata"]["assigned_at"] == utc(2025, 10, 14, 16, 30)
    assert first["metadata"]["due_date"] == utc(2025, 10, 20)
    assert first["comments"] == "En proceso"
    assert second["metadata"] == empty_metadata() | {"priority": "baja"}


def test_it_makes_empty_assignees_null_and_fills_sections(legacy: Any) -> None:
    adopt()
    batch = stored("batch_000002F")
    assert batch["assignee"] is None
    assert (batch["metadata"], batch["file_info"]) == (empty_metadata(), empty_file_info())
    assert stored("batch_T000044")["file_info"] == empty_file_info()


def test_it_keeps_an_id_of_any_type_and_unknown_fields(legacy: Any) -> None:
    adopt()
    batch = by_key("batch_000003F")
    assert batch["comentario_viejo"] == "revisar borde"
    assert batch["metadata"]["assigned_at"] is None
    assert (batch["metadata"]["total_masks"], batch["metadata"]["completed_masks"]) == (80, 80)
    assert batch["metadata"]["priority"] == "urgente"


def test_it_leaves_what_it_does_not_understand(legacy: Any) -> None:
    report = adopt()
    batch = stored("batch_000004F")
    assert (batch["assignee"], batch["status"]) == ("Roberto", "x")
    assert batch["metadata"]["assigned_at"] == "31/12/2025"
    assert batch["metadata"]["due_date"] == "2025-02-30"
    assert left(report) == {
        ("batch_000003F", "metadata.priority", "urgente"),
        ("batch_000004F", "assignee", "Roberto"),
        ("batch_000004F", "status", "x"),
        ("batch_000004F", "metadata.assigned_at", "31/12/2025"),
        ("batch_000004F", "metadata.due_date", "2025-02-30"),
    }


def test_it_reads_flags_and_priorities_in_other_shapes(legacy: Any) -> None:
    adopt()
    batch = stored("batch_000005F")
    assert batch["mongo_uploaded"] is True
    assert batch["metadata"]["priority"] == "media"
    assert batch["metadata"]["assigned_at"] == utc(2025, 10, 14, 16, 30)


def test_it_does_not_touch_a_batch_without_id(legacy: Any) -> None:
    report = adopt()
    assert by_key("66f100000000000000000009") == legacy["batches"][8]
    assert report["without_id"] == ["batches: 66f100000000000000000009"]


def test_it_records_each_change_in_the_batchs_history(legacy: Any) -> None:
    report = adopt()
    batch = stored("batch_000005F")
    [event] = batch["history"]
    changes = {change["field"]: (change["old"], change["new"]) for change in event["changes"]}
    assert changes["mongo_uploaded"] == ("true", True)
    assert changes["metadata.priority"] == ("MEDIA", "media")
    assert (event["channel"], event["operation"]) == ("command", report["operation"])
    assert batch["version"] == 1


def test_it_never_drops_a_field(legacy: Any) -> None:
    adopt("--duplicates", "keep-first")
    gone = {copy["document"]["_id"] for copy in trash.of_kind("batch")}
    for before in legacy["batches"]:
        if before["_id"] in gone:
            continue
        after = by_key(str(before["_id"]))
        assert after.keys() >= before.keys()
        assert after.get("metadata", {}).keys() >= before.get("metadata", {}).keys()


def test_it_normalises_the_crew(legacy: Any) -> None:
    report = adopt()
    crew = {person["name"]: person for person in main_collection("segmentadores").find()}
    assert crew.keys() == {"Mauricio", "Flor", "Maggie", "Ceci", "Ignacio"}
    assert crew["Flor"]["created_at"] == utc(2025, 7, 23, 16)
    assert crew["Ceci"] == {
        "_id": ObjectId("66f000000000000000000004"), "name": "Ceci", "role": "Segmentador",
        "email": "", "active": True,
    }  # fmt: skip
    assert (crew["Ignacio"]["email"], crew["Ignacio"]["telefono"]) == ("", "477 000 0000")
    assert (report["people"], report["people_changed"]) == (5, 5)


def test_it_finds_nothing_to_do_a_second_time_and_reports_the_same(legacy: Any) -> None:
    first = adopt()
    before = contents_of("batches", "segmentadores")
    second = adopt()
    assert contents_of("batches", "segmentadores") == before
    assert first["batches_changed"] == 8
    assert (second["batches_changed"], second["people_changed"], second["set_aside"]) == (0, 0, 0)
    for name in ("leftovers", "duplicates", "without_id", "indexes_pending"):
        assert second[name] == first[name]


def test_it_writes_nothing_in_a_dry_run_and_says_what_it_would_do(legacy: Any) -> None:
    before = everything()
    flags = ("--duplicates", "keep-first", "--set-aside-without-id")
    planned = adopt("--dry-run", *flags)
    assert everything() == before
    done = adopt(*flags)
    for name in done.keys() - {"operation", "dry_run", "indexes_pending"}:
        assert planned[name] == done[name], name


def test_it_raises_the_data_versions_only_when_it_changed_something(legacy: Any) -> None:
    adopt()
    after_first = versions.current("batches"), versions.current("crew")
    adopt()
    assert all(after_first)
    assert (versions.current("batches"), versions.current("crew")) == after_first
