"""What of an older document is understood, without a database."""

from datetime import UTC, datetime
from typing import Any

import pytest

from batches.models import empty_file_info, empty_metadata
from batches.rules.adoption import (
    Adoption,
    KeepPolicy,
    Setting,
    adopt_batch,
    adopt_person,
    choose_kept,
)
from tests.batches.adoption.older import MEXICO, SETTING, applied

TIMES = ("updated_at", "metadata.assigned_at")


def batch(**fields: Any) -> dict[str, Any]:
    """Return a batch to which nothing has to be done, but for these fields."""
    metadata = empty_metadata() | fields.pop("metadata", {})
    whole = {"id": "batch_000001F", "assignee": None, "status": "NS", "folder": "",
             "comments": "", "mongo_uploaded": False, "version": 1,
             "file_info": empty_file_info(), "metadata": metadata}  # fmt: skip
    return whole | fields


def adopt(**fields: Any) -> Adoption:
    return adopt_batch(batch(**fields), SETTING)


def values(**fields: Any) -> dict[str, Any]:
    adoption = adopt(**fields)
    assert not adoption.problems
    return adoption.values


def problems(**fields: Any) -> list[tuple[str, Any]]:
    adoption = adopt(**fields)
    assert not adoption.values
    return [(problem.field, problem.value) for problem in adoption.problems]


def test_it_leaves_a_right_batch_alone() -> None:
    assert values() == {}


@pytest.mark.parametrize("blank", ["", "  "])
def test_it_makes_a_blank_assignee_nobody(blank: str) -> None:
    assert values(assignee=blank) == {"assignee": None}


def test_it_tidies_an_assignee() -> None:
    assert values(assignee=" Ceci ") == {"assignee": "Ceci"}


def test_it_keeps_an_untidy_assignee_that_the_crew_has_just_so() -> None:
    setting = Setting(MEXICO, {"Ceci "}, empty_metadata(), empty_file_info())
    assert adopt_batch(batch(assignee="Ceci "), setting) == Adoption({}, ())


def test_it_reports_an_assignee_who_is_not_in_the_crew() -> None:
    assert problems(assignee="Roberto") == [("assignee", "Roberto")]


@pytest.mark.parametrize(
    ("found", "meant"),
    [("ns", "NS"), ("IN", "In"), (" No  Segmentado ", "NS"), ("incompleto", "In"), ("", "NS")],
)
def test_it_understands_statuses_in_other_shapes(found: str, meant: str) -> None:
    assert values(status=found) == {"status": meant}


def test_it_understands_the_word_segmentado() -> None:
    assert values(status="Segmentado", assignee="Flor") == {"status": "S"}


@pytest.mark.parametrize("found", ["x", "listo", 3, ["NS"], True])
def test_it_leaves_a_status_it_does_not_know(found: Any) -> None:
    assert problems(status=found) == [("status", found)]


def test_it_understands_priority_and_review_in_any_case() -> None:
    found = values(
        metadata={"priority": "MEDIA", "review_status": "no  aprobado"},
        status="In", assignee="Flor", comments="bordes",
    )  # fmt: skip
    assert found == {"metadata.priority": "media", "metadata.review_status": "No Aprobado"}


def test_it_leaves_a_priority_it_does_not_know() -> None:
    assert problems(metadata={"priority": "urgente"}) == [("metadata.priority", "urgente")]


def test_it_reads_a_text_time_as_local_and_a_text_date_as_midnight_utc() -> None:
    found = values(metadata={"assigned_at": "2025-10-14 10:30:00", "due_date": "2025-10-20"})
    assert found == {
        "metadata.assigned_at": datetime(2025, 10, 14, 16, 30, tzinfo=UTC),
        "metadata.due_date": datetime(2025, 10, 20, tzinfo=UTC),
    }


def test_it_makes_an_empty_text_no_date() -> None:
    found = values(metadata={"assigned_at": "", "due_date": " "})
    assert found == {"metadata.assigned_at": None, "metadata.due_date": None}


@pytest.mark.parametrize("found", ["2025-02-30", "31/12/2025", "mañana", 20251020, {"a": 1}])
def test_it_leaves_a_date_that_is_not_real_or_not_clear(found: Any) -> None:
    assert problems(metadata={"due_date": found}) == [("metadata.due_date", found)]
    assert problems(metadata={"assigned_at": found}) == [("metadata.assigned_at", found)]


def test_it_leaves_a_time_that_no_clock_can_hold() -> None:
    assert problems(metadata={"assigned_at": "9999-12-31 23:00:00"}) == [
        ("metadata.assigned_at", "9999-12-31 23:00:00")
    ]


@pytest.mark.parametrize(
    "found",
    [datetime(2025, 10, 20, 6, tzinfo=UTC), "2025-10-20T06:00:00.000Z", "2025-10-20 23:00:00"],
)
def test_it_takes_the_day_of_a_due_date_with_a_time(found: Any) -> None:
    day = datetime(2025, 10, 20, tzinfo=UTC)
    assert values(metadata={"due_date": found}) == {"metadata.due_date": day}


def test_it_leaves_a_due_date_whose_day_depends_on_the_zone() -> None:
    found = datetime(2025, 10, 21, 5, 59, tzinfo=UTC)
    assert problems(metadata={"due_date": found}) == [("metadata.due_date", found)]


def test_it_reads_the_batchs_own_times_and_leaves_absent_ones_absent() -> None:
    moment = datetime(2025, 10, 1, 18, tzinfo=UTC)
    assert values(created_at="2025-10-01 12:00:00", completed_at="") == {
        "created_at": moment, "completed_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(("found", "meant"), [("80", 80), (80.0, 80), ("", 0), (None, 0)])
def test_it_reads_counts(found: Any, meant: int) -> None:
    assert values(metadata={"total_masks": found}) == {"metadata.total_masks": meant}


@pytest.mark.parametrize("found", ["ochenta", -1, 80.5, True, float("inf"), 10_000_001, "8e1"])
def test_it_leaves_what_is_not_a_count(found: Any) -> None:
    assert problems(metadata={"total_masks": found}) == [("metadata.total_masks", found)]


@pytest.mark.parametrize(
    ("found", "meant"), [("true", True), ("False", False), (1, True), (0, False), (None, False)]
)
def test_it_reads_flags(found: Any, meant: bool) -> None:
    result = values(mongo_uploaded=found)
    assert result == {"mongo_uploaded": meant}
    assert result["mongo_uploaded"] is meant


def test_it_leaves_what_is_not_a_flag() -> None:
    assert problems(mongo_uploaded="quizá") == [("mongo_uploaded", "quizá")]


def test_it_makes_file_info_of_training_metrics_info() -> None:
    upload = datetime(2025, 10, 1, 10, 30, tzinfo=UTC)
    older = {"file_count": "7", "latest_upload": upload, "files": [f"{n}.zip" for n in range(7)]}
    found = values(file_info=None, training_metrics_info=older)
    assert found == {"file_info": {
        "file_count": 7, "last_file_upload": upload, "has_files": True,
        "files": ["0.zip", "1.zip", "2.zip", "3.zip", "4.zip"],
    }}  # fmt: skip


def test_it_counts_the_files_when_nobody_did() -> None:
    found = values(file_info=None, training_metrics_info={"files": ["a.zip"]})
    assert found["file_info"]["file_count"] == 1


def test_it_reports_what_training_metrics_info_says_badly_before_and_after() -> None:
    document = batch(file_info=None, training_metrics_info={"latest_upload": "ayer"})
    first = adopt_batch(document, SETTING)
    second = adopt_batch(applied(document, first), SETTING)
    assert [problem.field for problem in first.problems] == ["training_metrics_info.latest_upload"]
    assert (second.problems, second.values) == (first.problems, {})


def test_it_completes_a_file_info() -> None:
    found = values(file_info={"file_count": "2", "nota": 1})
    assert found == {
        "file_info.file_count": 2, "file_info.last_file_upload": None,
        "file_info.files": [], "file_info.has_files": True,
    }  # fmt: skip


def test_it_fills_what_is_missing() -> None:
    found = adopt_batch({"id": "batch_400"}, SETTING)
    assert found == Adoption(
        {
            "assignee": None, "status": "NS", "folder": "", "comments": "",
            "mongo_uploaded": False, "version": 1, "metadata": empty_metadata(),
            "file_info": empty_file_info(),
        },
        (),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["metadata", "file_info"])
def test_it_leaves_a_section_that_is_not_an_object(name: str) -> None:
    document = batch() | {name: "alta"}
    found = adopt_batch(document, SETTING)
    assert [(problem.field, problem.value) for problem in found.problems] == [(name, "alta")]
    assert found.values == {}


def test_it_raises_a_version_written_as_text_as_the_write_does() -> None:
    assert values(version="7") == {"version": 8}


def test_it_writes_nothing_on_a_batch_whose_version_is_not_a_number() -> None:
    assert problems(version="v1", mongo_uploaded="true") == [("version", "v1")]


def test_it_keeps_a_history_that_is_not_a_list_as_its_first_entry() -> None:
    assert values(history="creado por Flor") == {"history": [{"found": "creado por Flor"}]}


@pytest.mark.parametrize("found", ["Batch-000001f", "lote 5", " batch_400 "])
def test_it_reports_an_id_that_no_mask_file_can_name(found: str) -> None:
    assert problems(id=found) == [("id", found)]


def test_it_reports_what_does_not_go_together() -> None:
    assert problems(status="S") == [("status", "S")]


def test_it_tidies_a_person_and_keeps_what_it_does_not_know() -> None:
    found = adopt_person({"name": "Ceci ", "email": None, "telefono": "477"}, MEXICO)
    assert found.values == {"name": "Ceci", "role": "Segmentador", "email": "", "active": True}


def test_it_reads_when_a_person_joined() -> None:
    person = {"name": "Flor", "role": "Segmentador", "email": "", "active": False}
    found = adopt_person(person | {"created_at": "2025-07-23 10:00:00"}, MEXICO)
    assert found == Adoption({"created_at": datetime(2025, 7, 23, 16, tzinfo=UTC)}, ())


def test_it_leaves_an_email_that_is_none() -> None:
    person = {"name": "Flor", "role": "Segmentador", "email": "flor en casa", "active": True}
    assert [problem.field for problem in adopt_person(person, MEXICO).problems] == ["email"]


def test_it_keeps_the_first_or_the_newest() -> None:
    older, newer = {"updated_at": "2025-10-01"}, {"updated_at": datetime(2025, 9, 1, tzinfo=UTC)}
    assert choose_kept([newer, older], KeepPolicy.KEEP_FIRST, MEXICO, times=TIMES) == 0
    assert choose_kept([newer, older], KeepPolicy.KEEP_NEWEST, MEXICO, times=TIMES) == 1


def test_it_keeps_the_last_stored_of_those_equally_new() -> None:
    documents = [{}, {"metadata": {"assigned_at": "ayer"}}, {"updated_at": None}]
    assert choose_kept(documents, KeepPolicy.KEEP_NEWEST, MEXICO, times=TIMES) == 2
