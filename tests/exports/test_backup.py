"""Backups: what is in the file, what it loses (nothing), and when it is not believed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import ObjectId
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from exports.rules.backup import BackupError, BadBackupError
from exports.services import extended_json
from exports.services.backups import finish, records, write_backup
from exports.services.backups.files import check_file
from exports.services.backups.scheduled import is_due, run_scheduled
from exports.services.backups.trial import scratch_name
from segmentacion.mongo.clients import main_collection, main_database
from tests.exports.backups import backup, not_utf8, odd_values, repeated_field
from tests.factories import batch_document, make_batch, make_batches

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(
        lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000)
    )
    | st.sampled_from(list(odd_values().values())),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(
                st.sampled_from("$aobidt.") | st.characters(exclude_categories=["Cs", "Cc"]),
                max_size=6,
            )
            | st.sampled_from(["$oid", "$date", "$numberLong", "$ref", "$id", "$bson", "$$oid"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def through_json(raw: bytes) -> bytes:
    text, _ = extended_json.to_json(raw)
    elements = json.loads(b"[" + text + b"]")
    return b"".join(extended_json.encode(extended_json.from_json(e)) for e in elements)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"])), VALUES, max_size=5))
def test_any_document_comes_back_the_same_bytes(document: dict[str, Any]) -> None:
    raw = bson.encode({"_id": 1, **document})
    assert through_json(raw) == raw


@pytest.mark.parametrize("name", list(odd_values()))
def test_every_type_comes_back_and_stays_readable(name: str) -> None:
    raw = bson.encode({"_id": 1, "id": "batch_1", name: odd_values()[name]})
    text, _ = extended_json.to_json(raw)
    assert through_json(raw) == raw
    assert json.loads(text)["id"] == "batch_1"


@pytest.mark.parametrize("raw", [repeated_field(), not_utf8()])
def test_what_python_cannot_hold_is_kept_whole(raw: bytes) -> None:
    plain = bson.encode({"_id": 1})
    assert through_json(plain + raw + plain) == plain + raw + plain


def test_the_file_is_plain_json_with_what_the_form_says(mongo: None, tmp_path: Path) -> None:
    make_batches([batch_document("batch_1", status="S"), batch_document("batch_2", color="rojo")])
    main_collection("segmentadores").insert_one({"name": "Flor"})
    path = backup(tmp_path)
    text = path.read_text(encoding="utf-8")
    found = json.loads(text)
    assert found["backup_info"]["version"] == "2.0"
    assert found["statistics"] == {
        "total_batches": 2,
        "total_segmentadores": 1,
        "batches_by_status": {"NS": 1, "S": 1},
    }
    assert [b["id"] for b in found["batches"]] == ["batch_1", "batch_2"]
    assert found["batches"][1]["color"] == "rojo"
    assert list(found)[-1] == "integrity"
    assert text == json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def test_an_empty_database_has_a_backup_too(mongo: None, tmp_path: Path) -> None:
    reader = finish(check_file(backup(tmp_path)))
    assert reader.total == 0


def test_a_backup_cut_anywhere_is_refused(mongo: None, tmp_path: Path) -> None:
    make_batches(batch_document(f"batch_{n}") for n in range(5))
    whole = backup(tmp_path).read_bytes()
    cut = tmp_path / "cut.json"
    for length in {*range(0, len(whole), 97), *range(len(whole) - 40, len(whole))}:
        cut.write_bytes(whole[:length])
        with pytest.raises(BadBackupError, match=r"cut\.json"):
            finish(check_file(cut))


def test_a_backup_with_any_byte_changed_is_refused(mongo: None, tmp_path: Path) -> None:
    make_batches(batch_document(f"batch_{n}") for n in range(3))
    whole = backup(tmp_path).read_bytes()
    changed = tmp_path / "changed.json"
    for place in {*range(0, len(whole), 61), *range(len(whole) - 260, len(whole), 3)}:
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BadBackupError):
            finish(check_file(changed))


def test_two_backups_of_one_second_have_two_names(mongo: None, tmp_path: Path) -> None:
    assert len({backup(tmp_path) for _ in range(3)}) == 3


def test_what_interrupted_backups_left_is_removed(mongo: None, tmp_path: Path) -> None:
    orphan = tmp_path / "backup_segmentacion_db_20250101_000000.json.1.part"
    orphan.write_text("{")
    kept = tmp_path / "otra_cosa.part"
    kept.write_text("x")
    backup(tmp_path)
    assert not orphan.exists()
    assert kept.exists()


def test_a_folder_that_cannot_be_made_is_a_clear_error(mongo: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupError, match="No se pudo guardar el respaldo"):
        backup(tmp_path / "file")


def test_the_scheduled_one_is_tried_recorded_and_leaves_no_database(
    mongo: None, tmp_path: Path
) -> None:
    insert = [{"_id": n, **odd_values(), "id": f"batch_{n}"} for n in range(3)]
    main_collection("batches").insert_many(insert)
    report = finish(run_scheduled(tmp_path))
    (record,) = records.records(records.Kind.SCHEDULED)
    assert (record["file"], record["verdict"], report.note) == (str(report.made.path), "good", "")
    assert record["counts"]["batches"] == 3
    names = main_database().client.list_database_names()
    assert not [name for name in names if name.endswith("_prueba")]


def test_what_a_trial_that_was_cut_off_left_goes_and_what_is_not_ours_stays(
    mongo: None, tmp_path: Path
) -> None:
    scratch = main_database().client[scratch_name()]
    old = ObjectId.from_datetime(datetime.now(UTC) - timedelta(days=2))
    for name in (f"{old}.batches", f"{ObjectId()}.batches", "ajena"):
        scratch[name].insert_one({})
    try:
        finish(run_scheduled(tmp_path))
        left = scratch.list_collection_names()
        assert "ajena" in left
        assert len(left) == 2
        assert f"{old}.batches" not in left
    finally:
        scratch.client.drop_database(scratch.name)


def test_old_scheduled_ones_go_and_are_recorded(mongo: None, tmp_path: Path) -> None:
    for year in range(2000, 2015):
        old = tmp_path / f"old_{year}.json"
        old.write_text("{}")
        main_collection("backups").insert_one(
            {
                "_id": str(year),
                "file": str(old),
                "kind": "scheduled",
                "verdict": "good",
                "created_at": datetime(year, 1, 5, tzinfo=UTC),
            }
        )
    report = finish(run_scheduled(tmp_path))
    assert len(report.removed) == 4
    assert not (tmp_path / "old_2000.json").exists()
    assert (tmp_path / "old_2014.json").exists()


def test_a_scheduled_one_that_fails_is_recorded_and_told(
    mongo: None, tmp_path: Path, settings: Any, mailoutbox: Any
) -> None:
    settings.BACKUP_MAIL_TO = ["opera@example.com"]
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupError):
        finish(run_scheduled(tmp_path / "file"))
    (record,) = records.records()
    assert record["verdict"] == "failed"
    assert "No se pudo guardar" in record["error"]
    assert len(mailoutbox) == 1


def test_the_dashboard_says_to_the_lead_how_the_last_ones_went(
    lead_client: Client, viewer_client: Client, tmp_path: Path
) -> None:
    def said(client: Client) -> str:
        return client.get("/dashboard").content.decode()

    assert "Todavía no hay un respaldo bueno" in said(lead_client)
    records.record_good(finish(write_backup(tmp_path)), records.Kind.MANUAL)
    assert "Último respaldo" in said(lead_client)
    assert "El respaldo más reciente falló" not in said(lead_client)
    records.record_failed(records.Kind.SCHEDULED, "disco lleno")
    failed = said(lead_client)
    assert "El respaldo más reciente falló" in failed
    assert "Último respaldo" in failed
    assert "respaldo" not in said(viewer_client).lower()


def test_the_lead_downloads_the_same_form(lead_client: Client) -> None:
    make_batch("batch_1")
    answer = lead_client.get("/api/backup/database")
    found = json.loads(b"".join(answer.streaming_content))
    assert answer["Content-Disposition"].startswith('attachment; filename="backup_segmentacion_db_')
    assert [batch["id"] for batch in found["batches"]] == ["batch_1"]


def test_nobody_else_downloads_it(viewer_client: Client) -> None:
    assert viewer_client.get("/api/backup/database").status_code == 403


def test_readyz_says_when_the_last_good_one_was(stranger: Client, tmp_path: Path) -> None:
    finish(run_scheduled(tmp_path))
    assert stranger.get("/readyz").json()["last_backup"] is not None


def made(tmp_path: Path, *, verdict: str = "good", kind: str = "scheduled", **ago: float) -> Path:
    """Record a backup made so long ago."""
    path = tmp_path / f"{verdict}{ago}.json"
    path.write_text("")
    main_collection("backups").insert_one(
        {"_id": f"{verdict}{ago}", "file": str(path) if verdict == "good" else "",
         "kind": kind, "verdict": verdict, "created_at": timezone.now() - timedelta(**ago)}
    )  # fmt: skip
    return path


def test_one_is_due_when_none_is_younger_than_a_day(mongo: None, tmp_path: Path) -> None:
    assert is_due(timezone.now())
    made(tmp_path, hours=25)
    assert is_due(timezone.now())
    made(tmp_path, kind="manual", hours=23)
    assert not is_due(timezone.now())


def test_one_whose_file_went_or_that_is_of_the_future_does_not_count(
    mongo: None, tmp_path: Path
) -> None:
    made(tmp_path, hours=1).unlink()
    assert is_due(timezone.now())
    made(tmp_path, hours=-20)
    assert is_due(timezone.now())


def test_after_a_failure_it_is_tried_again_but_not_at_once(mongo: None, tmp_path: Path) -> None:
    made(tmp_path, verdict="failed", minutes=10)
    assert not is_due(timezone.now())
    assert is_due(timezone.now() + timedelta(hours=1))


def test_when_none_is_due_the_command_does_nothing(
    mongo: None, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BACKUP_DIRECTORY = tmp_path
    for due in (True, False):
        call_command("backup", "--scheduled", "--if-due", "--json")
        assert json.loads(capsys.readouterr().out).get("due", True) is due
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(CommandError, match="va con --scheduled"):
        call_command("backup", "--if-due")
