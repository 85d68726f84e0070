"""Undo, redo and the trash on a real MongoDB."""

from typing import Any

import pytest

from batches.models import Batch
from batches.queries.selection import documents_with_ids
from batches.rules.changes import Asker
from batches.services import operations, trash
from batches.services.bulk import change_many
from batches.services.changing import change_batch
from batches.services.undoing import UndoReport, UnknownOperationError, undo
from crew.services import add_person, remove_person
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo import trash as kept
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("crew")

LEAD = Asker("lider", may_edit=True, may_review=True)
IDS = [f"batch_{number}" for number in range(4)]


@pytest.fixture
def crew(mongo: None) -> None:
    for name in ("Flor", "Ceci"):
        add_person(name=name)


def change(batch_id: str, **asked: Any) -> str:
    """Change one batch and return the operation."""
    change_batch(batch_id, asked, asker=LEAD, actor=ACTOR)
    operation: str = stored(batch_id)["history"][-1]["operation"]
    return operation


def assign_all(assignee: str) -> str:
    asked = {"assignee": assignee}
    return change_many(documents_with_ids(IDS), asked, asker=LEAD, actor=ACTOR).operation


def back(operation: str, new: str | None = None) -> UndoReport:
    return undo(operation, asker=LEAD, actor=ACTOR, new=new)


def seen(batch_id: str) -> dict[str, Any]:
    """Return what a person sees of a batch: all but version, history and when."""
    hidden = {"version", "history", "updated_at"}
    return {name: value for name, value in stored(batch_id).items() if name not in hidden}


def make_four() -> None:
    make_batches([batch_document(batch_id, assignee="Ceci") for batch_id in IDS])


def mark(batch_id: str, times: int) -> None:
    """Do what the sync does: its fields and its event, and no version."""
    event = {"channel": SYNC_ACTOR.channel.value, "who": "sync", "operation": "s", "changes": []}
    main_collection(Batch.COLLECTION).update_one(
        {"id": batch_id},
        {"$set": {"mongo_uploaded": True}, "$push": {"history": {"$each": [event] * times}}},
    )


def test_a_single_change_is_undone_with_all_that_followed_from_it() -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    before = seen("batch_1")
    operation = change("batch_1", review_status="No Aprobado", review_comment="borde")
    assert back(operation).restored == 1
    after = stored("batch_1")
    assert (after["status"], after["metadata"]["review_status"]) == ("S", "Pendiente")
    assert after["completed_at"] == before["completed_at"]
    assert (after["version"], len(after["history"])) == (3, 2)
    assert after["history"][-1]["undo_of"] == operation


def test_undo_and_redo_and_undo_again() -> None:
    make_four()
    operation = assign_all("Flor")
    holders = []
    for _ in range(3):
        report = back(operation)
        assert (report.restored, report.refused) == (4, [])
        holders.append({stored(batch_id)["assignee"] for batch_id in IDS}.pop())
        operation = report.operation
    assert holders == ["Ceci", "Flor", "Ceci"]
    assert {stored(batch_id)["version"] for batch_id in IDS} == {5}


def test_what_changed_since_is_refused_and_named() -> None:
    make_four()
    operation = assign_all("Flor")
    change("batch_2", priority="alta")
    report = back(operation)
    assert (report.restored, report.refused) == (
        3,
        [("batch_2", "cambió después de esta operación")],
    )
    assert stored("batch_2")["assignee"] == "Flor"


@pytest.mark.parametrize("times", [1, 25])
def test_marks_of_the_sync_do_not_stand_in_the_way(times: int) -> None:
    make_four()
    operation = assign_all("Flor")
    mark("batch_1", times)
    assert back(operation).restored == 4
    assert (stored("batch_1")["assignee"], stored("batch_1")["mongo_uploaded"]) == ("Ceci", True)


def test_who_left_the_team_gets_nothing_back() -> None:
    make_four()
    operation = assign_all("Flor")
    remove_person("Ceci", actor=ACTOR)
    report = back(operation)
    assert report.restored == 0
    assert report.refused == [(i, "«Ceci» ya no está en el equipo") for i in IDS]


def test_a_batch_in_the_trash_is_refused_and_the_rest_undone() -> None:
    make_four()
    operation = assign_all("Flor")
    trash.delete([stored("batch_0")["_id"]], actor=ACTOR, operation="borrar-1")
    report = back(operation)
    assert report.restored == 3
    assert [reason for _, reason in report.refused] == ["ya no está (revisa la papelera)"]


def test_a_repeated_undo_does_nothing_more_and_says_the_same() -> None:
    make_four()
    operation = assign_all("Flor")
    first, again = back(operation, "deshacer-1"), back(operation, "deshacer-1")
    assert (first.restored, first.refused) == (again.restored, again.refused) == (4, [])
    assert {len(stored(batch_id)["history"]) for batch_id in IDS} == {2}


def test_an_unknown_operation_is_said() -> None:
    with pytest.raises(UnknownOperationError):
        back("ninguna")


def test_a_writer_between_plan_and_write_keeps_its_change(monkeypatch: pytest.MonkeyPatch) -> None:
    make_four()
    operation = assign_all("Flor")
    begin = operations.begin

    def late(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(operations, "begin", begin)
        change("batch_1", comments="en medio")
        begin(*args, **kwargs)

    monkeypatch.setattr(operations, "begin", late)
    report = back(operation)
    assert report.restored == 3
    assert report.refused == [("batch_1", "cambió después de esta operación")]
    assert (stored("batch_1")["assignee"], stored("batch_1")["comments"]) == ("Flor", "en medio")


def delete(*ids: str, operation: str = "borrar-1") -> int:
    keys = [stored(batch_id)["_id"] for batch_id in ids]
    return trash.delete(keys, actor=ACTOR, operation=operation)


def test_what_comes_back_from_the_trash_is_whole() -> None:
    make_batch("batch_1", rareza={"x": 1}, version=7, history=[{"operation": "vieja"}])
    before = stored("batch_1")
    assert delete("batch_1") == 1
    assert back("borrar-1").restored == 1
    after = stored("batch_1")
    assert after["_id"] == before["_id"]
    assert after["history"][0] == {"operation": "vieja"}
    assert (after["version"], len(after["history"])) == (8, 2)
    assert {k: after[k] for k in before if k not in {"version", "history"}} == {
        k: before[k] for k in before if k not in {"version", "history"}
    }
    assert kept.of_kind("batch") == []


def test_a_batch_whose_id_is_taken_stays_in_the_trash_and_is_named() -> None:
    make_four()
    delete("batch_0", "batch_1")
    make_batch("batch_1", comments="nuevo")
    report = back("borrar-1")
    assert report.restored == 1
    assert report.refused == [("batch_1", "ya existe otro batch con este id")]
    assert [entry["key"] for entry in kept.of_kind("batch")] == ["batch_1"]
    assert stored("batch_1")["comments"] == "nuevo"


def test_an_interrupted_restore_is_finished_by_repeating_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_four()
    delete(*IDS)
    monkeypatch.setattr(trash, "AT_ONCE", 2)
    insert, calls = trash._insert, []

    def cut(*args: Any) -> set[str]:
        calls.append(insert(*args))
        if len(calls) == 2:  # these came back, and are in the trash too
            raise KeyboardInterrupt
        return calls[-1]

    monkeypatch.setattr(trash, "_insert", cut)
    with pytest.raises(KeyboardInterrupt):
        back("borrar-1", "volver-1")
    monkeypatch.undo()
    assert back("borrar-1", "volver-1").restored == 2
    assert main_collection(Batch.COLLECTION).count_documents({}) == 4
    assert kept.of_kind("batch") == []


def test_undoing_a_restore_keeps_what_changed_since() -> None:
    make_four()
    delete(*IDS)
    restored = back("borrar-1").operation
    change("batch_3", comments="ya en uso")
    report = back(restored)
    assert report.restored == 3
    assert report.refused == [("batch_3", "cambió después de esta operación")]
    assert stored("batch_3")["comments"] == "ya en uso"


def test_a_batch_changed_while_it_is_deleted_stays_and_leaves_no_old_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_four()
    put = kept.put

    def late(*args: Any, **kwargs: Any) -> int:
        stored_copies = put(*args, **kwargs)
        change("batch_1", comments="en medio")
        return stored_copies

    monkeypatch.setattr(kept, "put", late)
    assert delete(*IDS) == 3
    assert stored("batch_1")["comments"] == "en medio"
    assert {entry["key"] for entry in kept.of_kind("batch")} == set(IDS) - {"batch_1"}


def test_a_deletion_repeated_after_a_crash_keeps_the_newest_in_the_trash() -> None:
    make_batch("batch_1")
    kept.put("batch", [stored("batch_1")], reason="x", actor=ACTOR, operation="borrar-1")
    change("batch_1", comments="después del corte")
    assert delete("batch_1") == 1
    assert kept.of_kind("batch")[0]["document"]["comments"] == "después del corte"
