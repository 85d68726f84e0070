"""The sync against real servers."""

import json
import sys
from datetime import UTC, timedelta
from io import StringIO
from typing import Any

import pytest
from bson import json_util
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from batches.models import Batch
from batches.services.importing import ImportReport, apply_plan, make_plan, read_entries
from masks import queries, store
from masks.models import CatalogueFile
from masks.services import sync
from masks.services.sync import SyncBusyError, SyncRefusedError, run_sync
from segmentacion.actors import SYNC_ACTOR, SYSTEM_ACTOR
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import held
from tests.commands import listening
from tests.factories import MOMENT, batch_document, make_batch, make_batches, put_file, put_files
from tests.factories import stored as stored_batch

pytestmark = pytest.mark.usefixtures("mongo")
KEYS = {
    "success", "batches_updated", "total_batches", "total_files_found", "message", "results",
    "already_updated", "cleared", "not_found", "unparsed", "conflicts", "run_id", "duration_ms",
}  # fmt: skip


@pytest.fixture
def first_day() -> None:
    """The team's first day: 429 batches, 125 files of 58 batches."""
    plan = make_plan(read_entries(settings.BASE_DIR / "demo" / "batches.json"))
    for _ in apply_plan(plan, actor=SYSTEM_ACTOR, operation="op", report=ImportReport("op")):
        pass
    files = (settings.BASE_DIR / "demo" / "mask_files.json").read_text(encoding="utf-8")
    store.put_demo_files(json_util.loads(files))


def all_documents() -> list[dict[str, Any]]:
    return list(main_collection(Batch.COLLECTION).find().sort("_id"))


def sync_json(*flags: str) -> dict[str, Any]:
    out = StringIO()
    call_command("sync_masks", "--json", *flags, stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def marked() -> int:
    return main_collection(Batch.COLLECTION).count_documents({"mongo_uploaded": True})


def test_it_marks_58_of_the_first_day_then_finds_nothing_to_do(first_day: None) -> None:
    first, second = sync_json(), sync_json()
    assert first["total_files_found"] == 125
    assert (first["batches_updated"], first["already_updated"]) == (58, 0)
    assert (second["batches_updated"], second["already_updated"]) == (0, 58)
    assert first["not_found"] == second["not_found"] == []
    assert (marked(), 429 - marked()) == (58, 371)


def test_it_prints_the_spanish_summary(first_day: None) -> None:
    out = StringIO()
    call_command("sync_masks", stdout=out)
    expected = [
        "🔄 SINCRONIZACIÓN DE MÁSCARAS CON BATCHES",
        "📡 Conectando a MongoDB...",
        f"📊 Obteniendo máscaras de {settings.TRAINING_DB}...",
        "✅ 125 máscaras encontradas",
        "📋 Batches con máscaras encontrados: 58",
        "🔄 Actualizando 58 batches...",
        "✅ Actualización completada:",
        "   • Batches actualizados: 58",
        "   • Ya estaban actualizados: 0",
        "   • No encontrados en DB: 0",
    ]
    printed = out.getvalue().splitlines()
    assert [line for line in printed if not line.startswith("===")] == expected


def test_nothing_changed_means_nothing_written(first_day: None) -> None:
    sync_json()
    before = all_documents()
    sync_json()
    assert all_documents() == before


def test_it_does_not_raise_the_version_and_records_history() -> None:
    make_batch("batch_1", version=7)
    put_files(["batch_1.zip"])
    run_sync(actor=SYNC_ACTOR)
    document = stored_batch("batch_1")
    assert document["version"] == 7
    (event,) = document["history"]
    assert event["channel"] == "sync"
    assert event["changes"] == [
        {"field": "mongo_uploaded", "old": False, "new": True},
        {"field": "file_info.file_count", "old": 0, "new": 1},
    ]


def test_it_keeps_fields_it_does_not_know() -> None:
    info = {"file_count": 0, "nota": "interna"}
    make_batch(
        "batch_1", comentario_viejo="revisar", training_metrics_info={"x": 1}, file_info=info
    )
    put_files(["batch_1.zip"])
    run_sync(actor=SYNC_ACTOR)
    document = stored_batch("batch_1")
    assert document["comentario_viejo"] == "revisar"
    assert document["file_info"]["nota"] == "interna"
    assert document["file_info"]["file_count"] == 1
    assert document["training_metrics_info"] == {"x": 1}


@pytest.mark.parametrize("history", [None, "texto", {"a": 1}, 5])
def test_it_marks_a_batch_whose_history_is_not_a_list_and_keeps_what_was_there(
    history: object,
) -> None:
    make_batch("batch_1", history=history)
    make_batch("batch_2")
    put_files(["batch_1.zip", "batch_2.zip"])
    assert run_sync(actor=SYNC_ACTOR).updated == 2
    events = stored_batch("batch_1")["history"]
    assert events[-1]["channel"] == "sync"
    assert events[:-1] == ([] if history is None else [{"found": history}])


def test_it_marks_documents_without_the_two_fields() -> None:
    main_collection(Batch.COLLECTION).insert_one({"_id": "x", "id": "batch_1"})
    put_files(["batch_1.zip", "batch_1.tar"])
    run_sync(actor=SYNC_ACTOR)
    document = stored_batch("batch_1")
    assert document["mongo_uploaded"] is True
    assert document["file_info"]["file_count"] == 2
    assert document["history"][0]["changes"][0]["old"] is None


def test_it_stores_the_latest_upload_and_the_first_five_names() -> None:
    make_batch("batch_1")
    for day in range(7):
        put_file(f"batch_1_{6 - day}.zip", days=day)
    run_sync(actor=SYNC_ACTOR)
    info = stored_batch("batch_1")["file_info"]
    assert info["last_file_upload"] == MOMENT.astimezone(UTC) + timedelta(days=6)
    assert info["files"] == [f"batch_1_{n}.zip" for n in range(5)]


def test_a_dry_run_says_and_writes_nothing() -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    before = all_documents()
    report = sync_json("--dry-run")
    assert report["batches_updated"] == 1
    assert all_documents() == before


def test_an_empty_store_changes_nothing_exits_1_and_names_other_buckets() -> None:
    make_batch("batch_1", mongo_uploaded=True)
    store.store_database()["otra.files"].insert_one({"filename": "batch_1.zip"})
    with pytest.raises(CommandError, match=r"vacío.*otra") as refused:
        call_command("sync_masks")
    assert refused.value.returncode == 1
    assert marked() == 1


def test_a_store_of_another_bucket_is_read_by_its_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "MASKS_BUCKET", "masks")
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    assert store.files().name == "masks.files"
    assert (sync_json()["batches_updated"], marked()) == (1, 1)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("place", "shown"), [(Terminal(), True), (StringIO(), False)])
def test_on_a_terminal_a_bar_shows_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, place: StringIO, shown: bool
) -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    monkeypatch.setattr(sys, "stderr", place)
    assert sync_json("--full")["batches_updated"] == 1
    assert ("Leyendo archivos" in place.getvalue()) is shown
    assert ("0/1" in place.getvalue()) is shown


def test_the_command_and_the_endpoint_answer_with_the_same_keys(lead_client: Client) -> None:
    put_files(["batch_1.zip"])
    told = sync_json("--dry-run")
    answered = lead_client.post("/api/sync-batch-files", {"dry_run": True}, "application/json")
    assert set(told) == set(answered.json()) >= KEYS


def test_a_third_of_the_files_gone_changes_nothing_unless_forced(first_day: None) -> None:
    sync_json()
    ids = sorted(main_collection(Batch.COLLECTION).distinct("id", {"mongo_uploaded": True}))
    for batch_id in ids[:18]:
        store.files().delete_many({"filename": {"$regex": batch_id}})
    before = all_documents()
    with pytest.raises(CommandError, match="quitaría la marca a 18 de 58"):
        call_command("sync_masks")
    assert all_documents() == before
    assert sync_json("--force")["cleared"] == 18
    assert marked() == 40


def test_a_few_files_gone_clears_their_marks(first_day: None) -> None:
    sync_json()
    store.files().delete_many({"filename": {"$regex": "batch_000129F"}})
    assert sync_json()["cleared"] == 1
    document = stored_batch("batch_000129F")
    assert document["mongo_uploaded"] is False
    assert document["file_info"]["file_count"] == 0


def test_it_reports_unknown_ids_names_without_id_and_conflicts() -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip", "batch_777.zip", "sin_batch.zip"])
    put_file("batch_1_b.zip", batch_id="batch_888")
    report = sync_json()
    assert report["not_found"] == ["batch_777", "batch_888"]
    assert report["unparsed"] == ["sin_batch.zip"]
    assert report["conflicts"] == [
        {
            "filename": "batch_1_b.zip",
            "metadata_batch_id": "batch_888",
            "name_batch_ids": ["batch_1"],
        }
    ]


def test_odd_files_of_other_programs_do_not_stop_it() -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    store.files().insert_many(
        [{}, {"filename": 5}, {"filename": "batch_1.tar", "uploadDate": "ayer", "metadata": [1]}]
    )
    assert sync_json()["batches_updated"] == 1
    assert stored_batch("batch_1")["file_info"]["file_count"] == 2


def test_each_run_is_recorded_with_its_report() -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    run_id = sync_json()["run_id"]
    (run,) = queries.recent_runs()
    assert (run["_id"], run["outcome"], run["changed"]) == (run_id, "ok", 1)
    assert run["report"]["updated"] == 1
    assert queries.sync_state().last_good == run["finished_at"]


def test_a_refused_run_is_recorded_with_its_reason() -> None:
    with pytest.raises(SyncRefusedError):
        run_sync(actor=SYNC_ACTOR)
    (run,) = queries.recent_runs()
    assert run["outcome"] == "refused"
    assert "vacío" in run["error"]
    assert queries.sync_state().failed


def test_a_second_run_at_once_says_so() -> None:
    with held(sync.LEASE, info={"run_id": "otra"}), pytest.raises(SyncBusyError) as busy:
        run_sync(actor=SYNC_ACTOR)
    assert busy.value.run_id == "otra"
    assert "en curso" in str(busy.value)


def commands_of_a_sync(batches: int, changed: int) -> list[str]:
    """Return the commands of a run that changes some of many batches, leases aside."""
    ids = [f"batch_{n:06d}F" for n in range(batches)]
    make_batches([batch_document(batch_id) for batch_id in ids])
    store.files().insert_many([{"filename": f"{batch_id}.zip"} for batch_id in ids[:changed]])
    with listening() as commands:
        assert run_sync(actor=SYNC_ACTOR, force=True).updated == changed
    return [sent.name for sent in commands.sent if sent.collection != "leases"]


def test_10_000_changes_cost_the_same_commands_in_a_small_and_a_large_database() -> None:
    small = commands_of_a_sync(batches=10_000, changed=10_000)
    for name in (Batch.COLLECTION, CatalogueFile.COLLECTION, "leases"):
        main_collection(name).delete_many({})
    store.files().delete_many({})
    large = commands_of_a_sync(batches=100_000, changed=10_000)
    assert small.count("update") == large.count("update")
    # Reading 100,000 marks takes more of the same stream (getMore), and nothing else differs.
    assert [n for n in small if n != "getMore"] == [n for n in large if n != "getMore"]
    assert large.count("getMore") - small.count("getMore") <= 10


def test_a_run_that_marked_batches_is_among_the_operations() -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    run_id = run_sync(actor=SYNC_ACTOR).run_id
    record = main_collection("operations").find_one({"_id": run_id})
    assert record is not None
    assert (record["kind"], record["changed"], len(record["keys"])) == ("sync", 1, 1)
    run_sync(actor=SYNC_ACTOR)
    assert main_collection("operations").count_documents({}) == 1
