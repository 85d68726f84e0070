"""Documents that share an id, and documents that have none."""

from typing import Any

import pytest

from batches.models import Batch
from crew import queries as crew_queries
from crew.models import Segmenter
from segmentacion.mongo import trash
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.indexes import ensure_declared
from tests.batches.adoption.older import (
    adopt,
    is_unique,
    utc,
)
from tests.factories import batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("older_server")


def test_it_only_reports_duplicates_unless_told_which_to_keep(legacy: Any) -> None:
    report = adopt()
    keys = ["66f100000000000000000002", "66f100000000000000000008"]
    [group] = report["duplicates"]
    assert (group["name"], group["kept"], group["set_aside"]) == ("batch_000001F", keys, [])
    assert report["indexes_pending"] == ["batches.id_1"]
    assert not is_unique(Batch, "id")


def test_it_moves_all_but_the_first_to_the_trash_whole(legacy: Any) -> None:
    report = adopt("--duplicates", "keep-first")
    assert stored("batch_000001F")["assignee"] == "Mauricio"
    [copy] = trash.of_kind("batch")
    assert copy["document"] == legacy["batches"][7]
    assert (copy["reason"], copy["operation"]) == ("duplicado", report["operation"])
    assert is_unique(Batch, "id")
    assert report["indexes_pending"] == []


def test_it_keeps_the_newest_even_after_a_first_run_normalised_both() -> None:
    old = batch_document("batch_1", updated_at="2025-10-02 12:00:00", folder="nueva")
    make_batches([old, batch_document("batch_1", status="ns")])
    adopt()
    adopt("--duplicates", "keep-newest")
    assert stored("batch_1")["folder"] == "nueva"
    [copy] = trash.of_kind("batch")
    assert copy["document"]["folder"] == "/datos/batch_1"


def test_it_keeps_the_last_assigned_of_those_equally_old() -> None:
    make_batches(
        batch_document("batch_1", updated_at=None, folder=folder, metadata__assigned_at=moment)
        for folder, moment in (("a", "2025-10-02"), ("b", utc(2025, 10, 3)), ("c", "ayer"))
    )
    adopt("--duplicates", "keep-newest")
    assert stored("batch_1")["folder"] == "b"
    assert len(trash.of_kind("batch")) == 2


def test_it_sets_aside_documents_whose_ids_look_alike_without_losing_one() -> None:
    make_batches(
        {**batch_document("batch_1", folder=folder), "_id": key}
        for folder, key in (("a", 0), ("b", 1), ("c", "1"))
    )
    adopt("--duplicates", "keep-first")
    adopt("--duplicates", "keep-first")
    assert stored("batch_1")["folder"] == "a"
    assert {copy["document"]["folder"] for copy in trash.of_kind("batch")} == {"b", "c"}


def test_it_keeps_a_duplicate_that_somebody_changes_while_it_is_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_batches(batch_document("batch_1", folder=folder) for folder in ("a", "b"))
    put = trash.put

    def put_and_change(*args: Any, **kwargs: Any) -> int:
        count = put(*args, **kwargs)
        main_collection(Batch.COLLECTION).update_one({"folder": "b"}, {"$set": {"nota": 1}})
        return count

    monkeypatch.setattr(trash, "put", put_and_change)
    report = adopt("--duplicates", "keep-first")
    assert main_collection(Batch.COLLECTION).count_documents({"id": "batch_1"}) == 2
    assert (report["set_aside"], len(report["conflicts"])) == (0, 1)


def test_it_sets_aside_what_has_no_id_only_when_asked(legacy: Any) -> None:
    main_collection("segmentadores").insert_one({"role": "Segmentador"})
    assert adopt()["set_aside"] == 0
    report = adopt("--set-aside-without-id")
    [batch], [person] = trash.of_kind("batch"), trash.of_kind("person")
    assert (batch["reason"], batch["document"]) == ("sin id", legacy["batches"][8])
    assert (person["reason"], person["document"]["role"]) == ("sin nombre", "Segmentador")
    assert report["set_aside"] == 2


def test_it_merges_people_of_one_name_only_when_told_which_to_keep() -> None:
    crew = main_collection("segmentadores")
    crew.insert_many([{"name": " Ceci", "email": "uno@example.com"}, {"name": "Ceci "}])
    make_batch("batch_1", assignee="Ceci ")
    report = adopt()
    assert report["duplicates"][0]["name"] == "Ceci"
    assert report["indexes_pending"] == []
    assert stored("batch_1")["assignee"] == "Ceci "
    adopt("--duplicates", "keep-first")
    assert [(p["name"], p["email"]) for p in crew.find()] == [("Ceci", "uno@example.com")]
    assert stored("batch_1")["assignee"] == "Ceci"
    assert [copy["key"] for copy in trash.of_kind("person")] == ["Ceci "]


def test_it_reports_a_name_that_the_unique_index_does_not_let_it_tidy() -> None:
    ensure_declared(Segmenter)
    main_collection("segmentadores").insert_many([{"name": "Ceci"}, {"name": "Ceci "}])
    report = adopt()
    assert sorted(crew_queries.names()) == ["Ceci", "Ceci "]
    assert report["duplicates"][0]["documents"] == 2
