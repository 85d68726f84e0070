"""What is loaded is what was planned, whatever becomes of the file and the data meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exports.rules.backup import BackupError
from exports.services.restoring import engine as engine_module
from exports.services.restoring import staging as staging_module
from exports.services.restoring.spool import PREFIX
from segmentacion.mongo.clients import main_collection, main_database
from tests.exports.backups import backup, everything, put_back
from tests.factories import batch_document, make_batches, stored


@pytest.fixture
def changed(mongo: None, tmp_path: Path) -> Path:
    """Return a backup of two batches that have other comments since."""
    make_batches(batch_document(f"batch_{n:06d}F", comments="antes") for n in range(2))
    path = backup(tmp_path)
    main_collection("batches").update_many({}, {"$set": {"comments": "después"}})
    return path


@pytest.fixture
def before_load(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any], int], None]:
    """Do something before the data is loaded, so many times."""

    def arrange(work: Callable[[], Any], times: int) -> None:
        load, left = engine_module.load, iter(range(times))

        def work_and_load(*args: Any) -> Any:
            for _ in left:
                work()
                break
            yield from load(*args)

        monkeypatch.setattr(engine_module, "load", work_and_load)

    return arrange


def staging_left() -> list[str]:
    return [n for n in main_database().list_collection_names() if n.startswith("restore_")]


def test_a_file_that_is_overwritten_after_the_plan_does_not_matter(
    changed: Path, before_load: Any
) -> None:
    before_load(lambda: changed.write_bytes(b"otra cosa"), 1)
    put_back(changed)
    assert stored("batch_000000F")["comments"] == "antes"


def test_some_batches_that_another_program_changed_after_the_plan_are_planned_again(
    changed: Path, before_load: Any
) -> None:
    batches = main_collection("batches")
    before_load(lambda: batches.update_many({}, {"$set": {"comments": "x", "version": 40}}), 1)
    report = put_back(changed, ids=frozenset({"batch_000000F"}))
    assert (stored("batch_000000F")["comments"], stored("batch_000000F")["version"]) == (
        "antes",
        41,
    )
    assert stored("batch_000001F")["comments"] == "x"
    assert report.plan.sections["batches"].differences[0].fields["comments"] == ("x", "antes")
    assert staging_left() == []


def test_some_batches_that_never_keep_still_are_given_up(changed: Path, before_load: Any) -> None:
    batches = main_collection("batches")
    before_load(lambda: batches.update_many({}, {"$inc": {"version": 1}}), 9)
    with pytest.raises(BackupError, match="cambió mientras"):
        put_back(changed, ids=frozenset({"batch_000000F"}))
    assert stored("batch_000000F")["comments"] == "después"
    assert staging_left() == []


@pytest.fixture
def loaded_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[bytes]], Any]], None]:
    """Have the load insert something else than it was given."""

    def arrange(other: Callable[[list[bytes]], Any]) -> None:
        insert = staging_module.insert
        monkeypatch.setattr(staging_module, "insert", lambda at, raws: insert(at, other(raws)))

    return arrange


def test_the_order_in_which_the_server_gives_back_what_was_loaded_does_not_matter(
    changed: Path, loaded_as: Any
) -> None:
    loaded_as(lambda raws: raws[::-1])
    put_back(changed)
    assert stored("batch_000000F")["comments"] == "antes"


def test_what_got_lost_in_loading_is_noticed_and_nothing_changes(
    changed: Path, loaded_as: Any
) -> None:
    before = everything()
    loaded_as(lambda raws: raws[1:])
    with pytest.raises(BackupError, match=r"batches no quedó igual al cargarlo\. No se cambió"):
        put_back(changed)
    assert everything() == before
    assert staging_left() == []


def test_nothing_but_the_safety_backup_stays_in_the_folder(changed: Path) -> None:
    safety = changed.parent / "safety"
    safety.mkdir()
    (safety / f"{PREFIX}muerta").write_bytes(b"x")
    report = put_back(changed)
    assert [path.name for path in safety.iterdir()] == [report.safety.name]


def test_without_a_folder_for_what_is_to_be_loaded_nothing_changes(changed: Path) -> None:
    (changed.parent / "safety").write_text("a file where the folder should be")
    before = everything()
    with pytest.raises(BackupError, match=r"No se pudo guardar en .*safety"):
        put_back(changed)
    assert everything() == before
