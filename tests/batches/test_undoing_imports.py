"""Undoing an import: what it created goes, what it changed and removed comes back."""

from typing import Any

import pytest
from django.test import Client

from batches.models import Batch
from batches.rules.changes import Asker
from batches.services import operations, trash
from batches.services.changing import change_batch
from batches.services.commenting import add_comment
from batches.services.importing import ImportReport, apply_plan, make_plan
from batches.services.undoing import UndoReport, engine, undo
from crew.services import add_person
from segmentacion.mongo import trash as kept
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("crew")

LEAD = Asker("lider", may_edit=True, may_review=True)
SINCE = "cambió después de esta operación"


@pytest.fixture
def crew(mongo: None) -> None:
    add_person(name="Flor")


def load(*entries: Any, operation: str = "carga", replace: bool = False) -> ImportReport:
    report = ImportReport(operation)
    plan = make_plan(list(entries), replace=replace)
    list(apply_plan(plan, actor=ACTOR, operation=operation, report=report))
    return report


def back(operation: str = "carga", new: str | None = None, asker: Asker = LEAD) -> UndoReport:
    return undo(operation, asker=asker, actor=ACTOR, new=new)


def batches() -> dict[str, dict[str, Any]]:
    """Return what people see of each batch: all but version, history and when."""
    hidden = {"version", "history", "updated_at"}
    found = main_collection(Batch.COLLECTION).find()
    return {d["id"]: {k: v for k, v in d.items() if k not in hidden} for d in found}


def replaced() -> dict[str, dict[str, Any]]:
    """Replace two batches by one of them changed and two new; return how it was."""
    make_batch("batch_1", folder="/a", rareza={"x": 1})
    make_batch("batch_2", comments="importante", history=[{"operation": "vieja"}])
    before = batches()
    load(
        {"id": "batch_1", "folder": "/b", "comments": "otra", "assignee": "Flor"},
        "batch_3",
        {"id": "batch_4", "cliente": "IEMSA"},
        replace=True,
    )
    return before


def test_all_is_as_it_was_before_a_replacement() -> None:
    before = replaced()
    report = back()
    assert (report.restored, report.refused) == (4, [])
    assert batches() == before
    assert stored("batch_2")["history"][0] == {"operation": "vieja"}
    assert sorted(entry["key"] for entry in kept.of_kind("batch")) == ["batch_3", "batch_4"]


def test_undo_and_redo_and_undo_again() -> None:
    states, operation = [replaced()], "carga"
    after = batches()
    for _ in range(3):
        report = back(operation)
        assert (report.restored, report.refused) == (4, [])
        states.append(batches())
        operation = report.operation
    assert states == [states[0], states[0], after, states[0]]


def test_what_changed_since_stays_and_is_named() -> None:
    replaced()
    change_batch("batch_1", {"priority": "alta"}, asker=LEAD, actor=ACTOR)
    change_batch("batch_3", {"priority": "alta"}, asker=LEAD, actor=ACTOR)
    add_comment("batch_4", "Ya la empecé", actor=ACTOR)
    make_batch("batch_2", comments="otro en su lugar")
    report = back()
    assert report.restored == 0
    assert dict(report.refused) == {
        "batch_1": SINCE,
        "batch_2": "ya existe otro batch con este id",
        "batch_3": SINCE,
        "batch_4": "tiene comentarios de después de esta operación",
    }
    assert {"batch_1", "batch_2", "batch_3", "batch_4"} == batches().keys()
    assert stored("batch_1")["folder"] == "/b"


def test_what_was_deleted_since_is_named_by_its_id() -> None:
    load("batch_3", "batch_4")
    trash.delete([stored("batch_3")["_id"]], actor=ACTOR, operation="borrar-1")
    report = back()
    assert (report.restored, report.refused) == (
        1,
        [("batch_3", "ya no está (revisa la papelera)")],
    )


def test_only_the_fields_it_set_in_each_batch_are_put_back() -> None:
    make_batch("batch_1", folder="/a")
    make_batch("batch_2", metadata="un texto de otro programa")
    load({"id": "batch_1", "priority": "alta"}, {"id": "batch_2", "folder": "/z"})
    assert back().restored == 2
    assert stored("batch_2")["metadata"] == "un texto de otro programa"
    assert stored("batch_1")["metadata"]["priority"] == "media"


def test_who_may_not_edit_puts_nothing_back() -> None:
    replaced()
    after = batches()
    report = back(asker=Asker("flor", person="Flor", may_work=True))
    assert report.restored == 0
    assert {name for name, _ in report.refused} == {"batch_1", "batch_2", "batch_3", "batch_4"}
    assert batches() == after


def test_a_row_that_another_had_created_is_not_of_the_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = make_plan(["batch_3", "batch_4"])
    make_batch("batch_4", comments="de otra persona")
    report = ImportReport("carga")
    list(apply_plan(plan, actor=ACTOR, operation="carga", report=report))
    assert report.conflicts == ["batch_4"]
    undone = back()
    assert (undone.restored, undone.refused) == (1, [])
    assert batches().keys() == {"batch_4"}


STEPS = [
    (operations, "begin"),
    (engine, "put_back"),
    (engine, "write_back"),
    (engine, "take_away"),
    (kept, "put"),
    (operations, "finish"),
]


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.mark.parametrize(("place", "name"), STEPS)
@pytest.mark.parametrize("late", [False, True])
def test_cut_off_anywhere_and_repeated_it_ends_the_same(
    monkeypatch: pytest.MonkeyPatch, place: Any, name: str, late: bool
) -> None:
    before = replaced()
    real = getattr(place, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if late:
            real(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, name, dying)
        with pytest.raises(Killed):
            back(new="deshacer-1")
    report = back(new="deshacer-1")
    assert report.refused == []
    assert report.restored == 4
    assert batches() == before
    assert [len(stored(i)["history"]) for i in ("batch_1", "batch_2")] == [2, 2]
    assert back("deshacer-1").restored == 4
    assert batches().keys() == {"batch_1", "batch_3", "batch_4"}


def test_an_import_that_was_cut_off_is_undone_as_far_as_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_batch("batch_1")
    plan = make_plan(["batch_3", "batch_4"], replace=True)
    next(apply_plan(plan, actor=ACTOR, operation="carga", report=ImportReport("carga")))
    assert batches().keys() == {"batch_1", "batch_3", "batch_4"}
    assert back().restored == 2
    assert batches().keys() == {"batch_1"}


def test_the_page_of_the_history_undoes_it(lead_client: Client) -> None:
    before = replaced()
    assert 'data-undo="carga"' in lead_client.get("/historial").content.decode()
    answer = lead_client.post("/api/undo/carga", {}, "application/json").json()
    assert (answer["success"], answer["restored"], answer["refused"]) == (True, 4, [])
    assert batches() == before
    shown = lead_client.get("/historial").content.decode()
    assert 'data-undo="carga"' not in shown
    assert f'data-undo="{answer["operation"]}"' in shown


def test_who_may_no_longer_import_takes_no_import_back() -> None:
    load("batch_3")
    report = back(asker=Asker("lider", person="Flor", may_work=True))
    assert (report.restored, [name for name, _ in report.refused]) == (0, ["batch_3"])
    assert "batch_3" in batches()
