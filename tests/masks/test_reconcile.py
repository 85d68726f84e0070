"""What does not agree between batches, list and store is found, named, and left alone."""

import json
import zlib
from io import StringIO

import pytest
from bson import ObjectId
from django.core.management import call_command
from django.test import Client

from masks import store
from masks.services.reconciling import last_report, reconcile
from segmentacion.mongo.clients import main_collection
from tests.factories import make_batch, put_file
from tests.masks.catalogue import catalogue, file_document

pytestmark = pytest.mark.usefixtures("mongo")


def found() -> dict[str, list[str]]:
    """Return the names of each finding that has any."""
    return {one.key: one.names for one in reconcile().findings if one.count}


def test_nothing_to_say_of_nothing() -> None:
    report = reconcile()
    assert report.found == []
    assert len(report.findings) == 15


def test_batches_and_files_that_do_not_agree() -> None:
    make_batch("batch_1", mongo_uploaded=True)
    make_batch("batch_2")
    make_batch("batch_3", status="S", assignee="Flor", mongo_uploaded=True)
    catalogue(
        [
            file_document("batch_2.zip"),
            file_document("batch_3.zip", verdict="corrupt"),
            file_document("batch_9.zip", verdict="whole"),
            file_document("nada.zip", verdict="whole"),
            file_document("batch_9_b.zip", conflict=True, verdict="whole"),
            file_document("batch_8.zip", here=False),
        ]
    )
    names = found()
    names.pop("catalogue_differs")
    assert names == {
        "marked_without_file": ["batch_1"],
        "file_without_mark": ["batch_2"],
        "file_without_batch": ["batch_9"],
        "conflicts": ["batch_9_b.zip"],
        "without_id": ["nada.zip"],
        "unverified": ["batch_2.zip"],
        "not_whole": ["batch_3.zip"],
        "segmented_without_whole": ["batch_3"],
        "untouched_with_file": ["batch_2"],
        "verdict_differs": ["batch_3"],
    }


def test_the_verdict_of_a_batch_is_that_of_its_newest_file() -> None:
    verdict = {"kind": "whole"}
    make_batch("batch_1", status="In", mongo_uploaded=True, mask_verdict=verdict)
    make_batch("batch_2", status="In", mongo_uploaded=True, mask_verdict=verdict)
    for name in ("batch_1", "batch_2"):
        days = {"batch_1": (1, 2), "batch_2": (2, 1)}[name]
        catalogue(
            [
                file_document(f"{name}.zip", days=days[0], verdict="corrupt"),
                file_document(f"{name}_b.zip", days=days[1], verdict="whole"),
            ]
        )
    assert found()["verdict_differs"] == ["batch_2"]


def test_orphan_chunks_are_counted_and_left_alone() -> None:
    orphan = ObjectId()
    file_id = store.bucket().upload_from_stream("batch_1.zip", b"x" * 10)
    store.chunks().insert_many([{"files_id": orphan, "n": n, "data": b"y" * 100} for n in range(3)])
    finding = next(one for one in reconcile().findings if one.key == "orphan_chunks")
    assert (finding.names, finding.done) == ([str(orphan)], True)
    assert finding.note.startswith("3 pedazos")
    assert store.chunks().count_documents({"files_id": {"$in": [orphan, file_id]}}) == 4


def test_files_without_their_content_are_named() -> None:
    put_file("batch_1.zip")
    store.bucket().upload_from_stream("batch_2.zip", b"x" * 10)
    assert found()["files_without_chunks"] == ["batch_1.zip"]


def test_chunks_without_gridfs_index_are_said_not_to_be_finished() -> None:
    store.chunks().insert_one({"files_id": ObjectId(), "n": 0, "data": b"y"})
    finding = next(one for one in reconcile().findings if one.key == "orphan_chunks")
    assert not finding.done
    assert "índice" in finding.note


def test_counters_and_loads_that_were_kept_wrong() -> None:
    make_batch("batch_1", assignee="Flor")
    assert "counters_differ" not in found()
    kept = main_collection("app_state")
    kept.update_one({"_id": {"$regex": "^counters:"}}, {"$inc": {"value.ns": 2}})
    kept.update_one({"_id": {"$regex": "^board:"}}, {"$set": {"value": [["Flor", "In", 1]]}})
    assert found()["counters_differ"] == [
        "ns: 3 y son 1",
        "Flor, ns: 0 y son 1",
        "Flor, in_progress: 1 y son 0",
    ]


def test_what_another_program_changes_makes_no_counter_wrong() -> None:
    make_batch("batch_1")
    assert "counters_differ" not in found()
    main_collection("batches").update_one({"id": "batch_1"}, {"$set": {"status": "In"}})
    assert "counters_differ" not in found()


def test_figures_that_were_kept_wrong_are_named_and_mended() -> None:
    make_batch("batch_1", assignee="Flor")
    assert "figures_differ" not in found()
    kept = main_collection("metrics_cache")
    kept.update_many({"part": 0}, {"$set": {"cells": zlib.compress(b"[]")}})
    assert found()["figures_differ"] == [
        "Sin responsable, serie otra, prioridad media, semana del 2025-09-29",
        "Flor, serie otra, prioridad media, semana del 2025-09-29",
        "Flor, serie otra, prioridad media, hoy",
    ]
    assert "figures_differ" not in found()


def test_without_the_store_the_rest_is_told(store_away: None) -> None:
    make_batch("batch_1", mongo_uploaded=True)
    report = reconcile()
    assert "no responde" in report.store_error
    unfinished = {one.key for one in report.findings if not one.done}
    assert unfinished == {"catalogue_differs", "orphan_chunks", "files_without_chunks"}
    assert any(one.names == ["batch_1"] for one in report.findings)


def test_names_are_bounded() -> None:
    catalogue([file_document("nada.zip", verdict="whole") for _ in range(250)])
    finding = next(one for one in reconcile().findings if one.key == "without_id")
    assert (finding.count, len(finding.names)) == (250, 200)


def test_command_api_and_page_show_the_same_report(lead_client: Client) -> None:
    assert lead_client.get("/api/masks/reconcile").status_code == 404
    assert "Todavía no se ha conciliado" in lead_client.get("/masks/conciliacion").content.decode()
    catalogue([file_document("nada.zip")])
    out = StringIO()
    call_command("reconcile", "--json", stdout=out)
    printed = json.loads(out.getvalue())
    assert lead_client.get("/api/masks/reconcile").json() == printed
    page = lead_client.get("/masks/conciliacion").content.decode()
    assert all(one["title"] in page for one in printed["findings"])
    assert "nada.zip" in page


def test_strict_exits_with_1_when_something_was_found() -> None:
    call_command("reconcile", "--strict", stdout=StringIO())
    catalogue([file_document("nada.zip")])
    call_command("reconcile", stdout=StringIO())
    with pytest.raises(SystemExit) as exited:
        call_command("reconcile", "--strict", stdout=StringIO())
    assert exited.value.code == 1


def test_the_button_reconciles_and_keeps_the_report(viewer_client: Client) -> None:
    assert viewer_client.post("/masks/conciliacion").status_code == 302
    assert last_report() is not None
