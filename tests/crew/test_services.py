"""People: adding, renaming, removing, and what becomes of their batches."""

from typing import Any

import pytest

from batches.models import Batch
from crew import queries, services
from crew.models import Segmenter
from crew.rules import (
    CrewError,
    DuplicateNameError,
    HoldsWorkError,
    InvalidPersonError,
    UnknownPersonError,
)
from segmentacion.mongo import trash
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("mongo")


@pytest.fixture
def flor() -> None:
    services.add_person(name="Flor")
    services.add_person(name="Ceci")


def person(name: str) -> dict[str, Any]:
    return queries.find(name)


def test_an_empty_installation_starts_with_the_five_once() -> None:
    assert services.add_initial_crew() == ["Mauricio", "Maggie", "Ceci", "Flor", "Ignacio"]
    assert services.add_initial_crew() == []
    assert queries.team_size() == 5


def test_the_five_do_not_come_back_after_everybody_was_removed() -> None:
    services.add_person(name="Flor")
    services.remove_person("Flor", actor=ACTOR)
    assert services.add_initial_crew() == []


def test_a_name_is_kept_with_single_spaces() -> None:
    services.add_person(name="  Ana   María ")
    assert queries.names() == ["Ana María"]


@pytest.mark.parametrize("name", [None, "", "   ", 5, "x" * 81, "Ana\u202e", "A\x00b"])
def test_a_bad_name_is_refused(name: object) -> None:
    with pytest.raises(InvalidPersonError):
        services.add_person(name=name)
    assert queries.team_size() == 0


@pytest.mark.parametrize("email", ["sin arroba", "a@b", "a b@c.mx", 5])
def test_a_bad_email_is_refused(email: object) -> None:
    with pytest.raises(InvalidPersonError, match="correo"):
        services.add_person(name="Ana", email=email)


def test_a_name_is_there_once(flor: None) -> None:
    with pytest.raises(DuplicateNameError, match="'Flor' ya existe"):
        services.add_person(name="Flor")


def test_renaming_renames_the_assignee_of_all_batches_with_history(flor: None) -> None:
    make_batch("batch_1", assignee="Flor", version=3)
    make_batch("batch_2", assignee="Ceci")
    assert services.rename_person("Flor", "Florencia", actor=ACTOR) == 1
    batch = stored("batch_1")
    assert (batch["assignee"], batch["version"]) == ("Florencia", 4)
    assert batch["history"][-1]["changes"] == [
        {"field": "assignee", "old": "Flor", "new": "Florencia"}
    ]
    assert stored("batch_2")["assignee"] == "Ceci"
    assert "pending" not in person("Florencia")


def test_renaming_to_a_taken_name_changes_nothing(flor: None) -> None:
    make_batch("batch_1", assignee="Flor")
    with pytest.raises(DuplicateNameError):
        services.rename_person("Flor", "Ceci", actor=ACTOR)
    assert stored("batch_1")["assignee"] == "Flor"


def test_renaming_somebody_unknown_is_refused() -> None:
    with pytest.raises(UnknownPersonError):
        services.rename_person("Nadie", "Alguien", actor=ACTOR)


def test_a_rename_cut_after_its_first_step_is_completed(
    flor: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_batch("batch_1", assignee="Flor")

    def crash(*args: object, **kwargs: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(services, "_finish_rename", crash)
        with pytest.raises(KeyboardInterrupt):
            services.rename_person("Flor", "Florencia", actor=ACTOR)
    assert stored("batch_1")["assignee"] == "Flor"
    assert services.complete_pending() == 1
    assert stored("batch_1")["assignee"] == "Florencia"
    assert services.complete_pending() == 0


def test_unknown_fields_of_a_person_survive_a_change(flor: None) -> None:
    people = main_collection(Segmenter.COLLECTION)
    people.update_one({"name": "Flor"}, {"$set": {"telefono": "477"}})
    services.change_person("Flor", actor=ACTOR, email="flor@test.com", active=False)
    assert (person("Flor")["telefono"], person("Flor")["active"]) == ("477", False)


def test_removing_somebody_with_work_asks_what_becomes_of_it(flor: None) -> None:
    make_batch("batch_1", assignee="Flor")
    with pytest.raises(HoldsWorkError, match="tiene 1 batch"):
        services.remove_person("Flor", actor=ACTOR)
    assert "Flor" in queries.names()


def test_removing_can_give_the_work_to_another(flor: None) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    assert services.remove_person("Flor", actor=ACTOR, reassign_to="Ceci") == 1
    batch = stored("batch_1")
    assert batch["assignee"] == "Ceci"
    assert batch["metadata"]["assigned_at"] is not None
    assert queries.names() == ["Ceci"]


def test_removing_can_leave_the_work_unassigned(flor: None) -> None:
    make_batch("batch_1", assignee="Flor", status="In")
    services.remove_person("Flor", actor=ACTOR, unassign=True)
    batch = stored("batch_1")
    assert (batch["assignee"], batch["metadata"]["assigned_at"]) == (None, None)


def test_finished_work_cannot_be_left_unassigned(flor: None) -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    with pytest.raises(CrewError, match="no pueden quedar sin responsable"):
        services.remove_person("Flor", actor=ACTOR, unassign=True)
    assert stored("batch_1")["assignee"] == "Flor"
    assert "Flor" in queries.names(active_only=True)


@pytest.mark.parametrize("to", ["Flor", "Nadie"])
def test_work_goes_only_to_somebody_else_who_exists(flor: None, to: str) -> None:
    make_batch("batch_1", assignee="Flor")
    with pytest.raises(CrewError):
        services.remove_person("Flor", actor=ACTOR, reassign_to=to)
    assert stored("batch_1")["assignee"] == "Flor"


def test_work_does_not_go_to_somebody_inactive(flor: None) -> None:
    services.change_person("Ceci", actor=ACTOR, active=False)
    make_batch("batch_1", assignee="Flor")
    with pytest.raises(CrewError, match="no está en activo"):
        services.remove_person("Flor", actor=ACTOR, reassign_to="Ceci")


def test_a_removed_person_is_kept_in_the_trash(flor: None) -> None:
    document = person("Flor")
    services.remove_person("Flor", actor=ACTOR)
    (kept,) = trash.of_kind("person")
    assert kept["document"] == document
    assert kept["who"] == ACTOR.name


def test_a_removal_cut_in_the_middle_is_completed(
    flor: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_batch("batch_1", assignee="Flor")

    def crash(*args: object, **kwargs: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(trash, "put", crash)
        with pytest.raises(KeyboardInterrupt):
            services.remove_person("Flor", actor=ACTOR, reassign_to="Ceci")
    assert "Flor" in queries.names()
    services.complete_pending()
    assert queries.names() == ["Ceci"]
    assert stored("batch_1")["assignee"] == "Ceci"
    assert len(stored("batch_1")["history"]) == 1


def test_loads_are_counted_by_status(flor: None) -> None:
    for number, status in enumerate(["NS", "NS", "In", "S", "rara"]):
        make_batch(f"batch_{number}", assignee="Flor", status=status)
    (ceci, flor_member) = queries.all_members()
    assert (ceci.name, ceci.load.total) == ("Ceci", 0)
    load = flor_member.load
    assert (load.total, load.ns, load.in_progress, load.s) == (5, 2, 1, 1)
    assert main_collection(Batch.COLLECTION).count_documents({"assignee": "Flor"}) == load.total
