"""The write path on a real MongoDB: history, versions, premises, idempotency."""

from itertools import pairwise
from typing import Any

import pytest
from pymongo.collection import Collection

from batches.models import Batch
from batches.queries.selection import documents_with_ids
from batches.rules.changes import Asker
from batches.services import operations
from batches.services.assigning import next_batch
from batches.services.bulk import BulkReport, change_many
from batches.services.changing import StaleError, change_batch
from batches.services.commenting import add_comment
from crew.services import add_person
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("crew")

LEAD = Asker("lider", may_edit=True, may_review=True)


@pytest.fixture
def crew(mongo: None) -> None:
    for name in ("Flor", "Ceci"):
        add_person(name=name)


def change(batch_id: str, **asked: Any) -> dict[str, Any]:
    return change_batch(batch_id, asked, asker=LEAD, actor=ACTOR)


def bulk(ids: list[str], operation: str | None = None, **asked: Any) -> BulkReport:
    documents = documents_with_ids(ids)
    return change_many(documents, asked, asker=LEAD, actor=ACTOR, operation=operation)


def make_five() -> list[str]:
    ids = [f"batch_{number}" for number in range(5)]
    make_batches([batch_document(batch_id) for batch_id in ids])
    return ids


def before_the_write(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Let somebody else act once, after the plan was made and before it is written."""
    begin = operations.begin

    def begin_late(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(operations, "begin", begin)
        act()
        begin(*args, **kwargs)

    monkeypatch.setattr(operations, "begin", begin_late)


def test_unknown_fields_are_kept_everywhere() -> None:
    document = make_batch("batch_1", rareza={"$x": [1, "$status"]}, metadata__nota="$id")
    change("batch_1", status="In", due_date="2025-10-20")
    bulk(["batch_1"], priority="alta")
    after = stored("batch_1")
    assert after["rareza"] == document["rareza"]
    assert after["metadata"]["nota"] == "$id"
    assert set(after) == set(document)


def test_texts_that_look_like_expressions_are_stored_as_they_are() -> None:
    make_batch("batch_1")
    change("batch_1", comments="$assignee", folder="{$concat: []}")
    after = stored("batch_1")
    assert (after["comments"], after["folder"]) == ("$assignee", "{$concat: []}")
    assert {c["new"] for c in after["history"][0]["changes"]} == {"$assignee", "{$concat: []}"}


def test_the_event_holds_what_was_replaced_and_the_version_has_no_gap() -> None:
    make_batch("batch_1", comments="viejo")
    for number in range(5):
        change("batch_1", comments=f"texto {number}")
    after = stored("batch_1")
    replaced = [(e["changes"][0]["old"], e["changes"][0]["new"]) for e in after["history"]]
    assert replaced[0] == ("viejo", "texto 0")
    assert all(new == old for (_, new), (old, _) in pairwise(replaced))
    assert after["version"] == 6
    assert len({event["operation"] for event in after["history"]}) == 5


@pytest.mark.parametrize("version", [None, 0])
def test_a_batch_of_an_older_program_gets_its_first_version(version: int | None) -> None:
    document = batch_document("batch_1", version=version, history="perdida")
    if version is None:
        del document["version"]
    make_batches([document])
    assert change("batch_1", comments="x")["version"] == 1
    found, event = stored("batch_1")["history"]
    assert found == {"found": "perdida"}
    assert event["changes"][0]["field"] == "comments"


def test_asking_for_what_is_so_already_writes_nothing() -> None:
    make_batch("batch_1", assignee="Flor", status="S")
    change("batch_1", assignee="Flor", status="S", comments="")
    assert bulk(["batch_1"], assignee="Flor").changed == 0
    assert (stored("batch_1")["version"], stored("batch_1")["history"]) == (1, [])
    assert main_collection(operations.COLLECTION).count_documents({}) == 0


def test_a_writer_in_between_makes_a_single_change_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    make_batch("batch_1")
    before_the_write(monkeypatch, lambda: change("batch_1", comments="la otra"))
    with pytest.raises(StaleError) as stale:
        change_batch("batch_1", {"comments": "yo"}, asker=LEAD, actor=ACTOR, version=1)
    assert stale.value.current["comments"] == "la otra"
    assert len(stored("batch_1")["history"]) == 1


def test_a_change_that_names_no_version_is_made_after_the_quicker_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_batch("batch_1")
    before_the_write(monkeypatch, lambda: change("batch_1", comments="la otra"))
    change("batch_1", comments="yo")
    batch = stored("batch_1")
    assert (batch["comments"], batch["version"]) == ("yo", 3)
    assert batch["history"][-1]["changes"] == [{"field": "comments", "old": "la otra", "new": "yo"}]


def test_a_batch_that_changed_between_plan_and_write_is_refused_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = make_five()
    before_the_write(monkeypatch, lambda: change("batch_3", assignee="Ceci", status="S"))
    report = bulk(ids, assignee="Flor")
    assert (report.matched, report.changed) == (5, 4)
    assert report.refused == [("batch_3", "cambió mientras tanto")]
    assert stored("batch_3")["assignee"] == "Ceci"
    assert len(stored("batch_3")["history"]) == 1


def test_a_change_the_rules_do_not_look_at_stays_beside_the_bulks_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = make_five()
    before_the_write(monkeypatch, lambda: change("batch_3", comments="en medio"))
    assert bulk(ids, assignee="Flor").changed == 5
    after = stored("batch_3")
    assert (after["assignee"], after["comments"], after["version"]) == ("Flor", "en medio", 3)


def test_in_bulk_each_batch_counts_its_own_rework() -> None:
    for number in range(3):
        make_batch(f"batch_{number}", assignee="Flor", status="S", metadata__rework_count=number)
    bulk([f"batch_{n}" for n in range(3)], review_status="No Aprobado", review_comment="borde")
    assert [stored(f"batch_{n}")["metadata"]["rework_count"] for n in range(3)] == [1, 2, 3]


def test_odd_values_of_other_programs_do_not_stop_a_bulk() -> None:
    make_batch("batch_1", assignee={"nombre": "x"}, metadata__rework_count="muchas")
    report = bulk(["batch_1"], assignee="Flor")
    assert (report.changed, stored("batch_1")["assignee"]) == (1, "Flor")


def test_a_repeated_single_change_does_nothing_twice() -> None:
    make_batch("batch_1")
    for comments in ("uno", "dos"):
        change_batch(
            "batch_1", {"comments": comments}, asker=LEAD, actor=ACTOR, operation="pedido-1"
        )
    assert stored("batch_1")["comments"] == "uno"
    assert len(stored("batch_1")["history"]) == 1


def test_a_repeated_bulk_keeps_to_what_it_was_about_and_answers_the_same() -> None:
    ids = make_five()
    assert bulk(ids[:3], "pedido-1", assignee="Flor").changed == 3
    change("batch_1", assignee="Ceci")
    again = bulk(ids, "pedido-1", assignee="Flor")
    assert (again.matched, again.changed, again.refused) == (3, 3, [])
    assert stored("batch_1")["assignee"] == "Ceci"
    assert [len(stored(batch_id)["history"]) for batch_id in ids] == [1, 2, 1, 0, 0]


def test_repeating_a_bulk_does_not_lower_what_is_recorded() -> None:
    ids = make_five()
    for _ in range(2):
        bulk(ids, "pedido-1", assignee="Flor")
        change("batch_1", assignee="Ceci")
    record = operations.find("pedido-1")
    assert record is not None
    assert record["changed"] == 5


def test_a_repeated_pull_gives_the_same_batch() -> None:
    make_five()
    first = next_batch("Flor", actor=ACTOR, operation="pedido-1")
    assert next_batch("Flor", actor=ACTOR, operation="pedido-1")["id"] == first["id"]
    assert main_collection(Batch.COLLECTION).count_documents({"assignee": "Flor"}) == 1


def test_a_comment_leaves_the_version_and_is_in_the_history() -> None:
    make_batch("batch_1", version=3)
    add_comment("batch_1", " Falta $un borde ", actor=ACTOR)
    after = stored("batch_1")
    assert after["version"] == 3
    assert after["history"][0]["comment"] == "Falta $un borde"
    asked = {"comments": "x"}
    assert change_batch("batch_1", asked, asker=LEAD, actor=ACTOR, version=3)["version"] == 4


def test_a_plan_is_written_by_few_commands_whatever_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_batches([batch_document(f"batch_{n:06d}F") for n in range(300)])
    commands: list[str] = []
    update = Collection.update_many

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        commands.append("update")
        return update(self, *args, **kwargs)

    monkeypatch.setattr(Collection, "update_many", counted)
    assert bulk([f"batch_{n:06d}F" for n in range(300)], assignee="Flor").changed == 300
    assert commands == ["update"]


def test_100_000_keys_are_recorded_in_parts_and_read_as_one() -> None:
    keys = [f"clave-{number:06d}" for number in range(100_000)]
    operations.begin("grande", kind=operations.Kind.BULK, actor=ACTOR, keys=keys, fields=["x"])
    assert main_collection(operations.COLLECTION).count_documents({"operation": "grande"}) == 2
    record = operations.find("grande")
    assert record is not None
    assert record["keys"] == keys
    assert (record["planned"], record["fields"]) == (100_000, ["x"])
