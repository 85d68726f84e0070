"""What is not restored: no backup, a damaged one, no room, another restore under way."""

from pathlib import Path

import pytest

from exports.rules.backup import BackupError, BadBackupError
from exports.services.restoring import engine as engine_module
from segmentacion.mongo.clients import main_collection
from tests.exports.backups import backup, everything, planned, put_back, staging_left
from tests.factories import batch_document, make_batch, make_batches


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "está vacío"),
        (b'{"backup_info": {"version": "1.0"}, "batches": [', "cortado"),
        (b"hola", "no es JSON"),
        (b"[1, 2]", "no es un objeto"),
        (b'{"algo": 1}', "no es un respaldo"),
        (b'{"backup_info": {"version": "1.0"}, "batches": {}}', "no es un respaldo"),
        (b'{"backup_info": {"version": "3.0"}, "batches": []}', "más nueva"),
        (b'{"backup_info": {"version": "2.0"}, "batches": []}', "otro programa lo cambió"),
        (b'{"backup_info": {"version": 7}, "batches": []}', "no se conoce"),
        (b'{"backup_info": {"version": "1.0"}, "batches": [7]}', r"batches\[0\]"),
        (b'{"backup_info": {"version": "1.0"}, "batches": [{"id": 3}]}', r"batches\[0\]\.id"),
        (
            b'{"backup_info": {"version": "1.0"}, "batches": [{"id": "a"}, {"id": "a"}]}',
            r"repetido.*batches\[1\]",
        ),
        (b'{"backup_info": {"version": "1.0"}, "batches": [{"id": "\xff"}]}', "UTF-8"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b"\x00" * 5_000, "no es JSON"),
    ],
)
def test_what_is_no_backup_is_refused_with_place_and_reason(
    mongo: None, tmp_path: Path, content: bytes, reason: str
) -> None:
    make_batch("batch_1")
    before = everything()
    path = tmp_path / "malo.json"
    path.write_bytes(content)
    with pytest.raises(BadBackupError, match=reason) as refused:
        put_back(path)
    assert refused.value.place
    assert everything() == before


def test_a_file_that_is_not_there_is_a_clear_error(mongo: None, tmp_path: Path) -> None:
    with pytest.raises(BadBackupError, match="no se puede leer"):
        planned(tmp_path / "nada.json")


def test_a_damaged_backup_changes_nothing(mongo: None, tmp_path: Path) -> None:
    make_batches(batch_document(f"batch_{n}") for n in range(30))
    path = backup(tmp_path)
    whole = path.read_bytes()
    main_collection("batches").update_many({}, {"$set": {"comments": "x"}})
    before = everything()
    for place in range(len(whole) // 9, len(whole), len(whole) // 9):
        for bad in (whole[:place], whole[:place] + b"\x01" + whole[place + 1 :]):
            (tmp_path / "malo.json").write_bytes(bad)
            with pytest.raises(BadBackupError):
                put_back(tmp_path / "malo.json")
    assert everything() == before
    assert staging_left() == []


def test_without_room_for_the_safety_backup_nothing_changes(mongo: None, tmp_path: Path) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    main_collection("batches").update_one({}, {"$set": {"comments": "x"}})
    before = everything()
    (tmp_path / "safety").write_text("a file where the folder should be")
    with pytest.raises(BackupError, match="No se pudo guardar"):
        put_back(path)
    assert everything() == before


def test_two_at_once_one_waits_for_nothing_and_says_so(mongo: None, tmp_path: Path) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    main_collection("batches").update_one({}, {"$set": {"comments": "x"}})
    with engine_module.held("restore"), pytest.raises(BackupError, match="en curso"):
        put_back(path)
