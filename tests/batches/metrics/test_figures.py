"""From histories to figures: what counts, for whom, and in which week. No database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from batches.rules.metrics.people import People, Rename
from batches.rules.metrics.weeks import Calendar
from tests.batches.metrics.lives import NOW, START, Story, at, figures, of, put


def test_a_batch_counts_for_who_held_it_in_the_week_it_was_finished() -> None:
    story = Story().then(1, assignee="Flor").then(9, status="S")
    found = figures(story)
    assert [week.done for week in found.weeks[:3]] == [0, 1, 0]
    flor = of(found, "Flor")
    assert (flor.assigned, flor.done, flor.median_days, flor.open) == (1, 1, 8.0, 0)


def test_giving_it_to_another_afterwards_changes_nothing_of_before() -> None:
    story = Story().then(1, assignee="Flor").then(9, status="S")
    before = figures(story).weeks[:5]
    story.then(40, assignee="Ceci").then(45, review_status="Aprobado")
    after = figures(story)
    assert after.weeks[:5] == before
    assert (of(after, "Flor").done, of(after, "Flor").approved) == (1, 1)
    assert (of(after, "Ceci").done, of(after, "Ceci").assigned) == (0, 1)


def test_the_days_of_a_batch_begin_when_its_finisher_got_it() -> None:
    story = Story().then(0, assignee="Flor").then(10, assignee="Ceci").then(12, status="S")
    assert of(figures(story), "Ceci").median_days == 2.0
    assert of(figures(story), "Flor").timed == 0


def test_a_returned_batch_is_rework_and_is_not_finished_twice() -> None:
    story = Story().then(0, assignee="Flor").then(2, status="S")
    story.then(3, review_status="No Aprobado", review_comment="bordes").then(8, status="S")
    story.then(9, review_status="Aprobado")
    flor = of(figures(story), "Flor")
    assert (flor.done, flor.rejected, flor.approved) == (1, 1, 1)
    assert (flor.first_reviewed, flor.first_approved) == (1, 0)


def test_what_was_undone_did_not_happen_until_the_undo_is_undone() -> None:
    story = Story().then(0, assignee="Flor").then(2, status="S")
    story.undo(2.1)
    assert figures(story).all.done == 0
    assert figures(story).weeks[-1].finished == 0
    story.undo(2.2)
    assert figures(story).all.done == 1
    assert figures(story).weeks[-1].finished == 1


def test_a_renamed_person_is_one_person_and_the_old_name_may_be_another_later() -> None:
    people = People([Rename("Flor", "Florencia", at(20))])
    first = Story().then(1, assignee="Flor").then(3, status="S").renamed(20.001, "Florencia")
    new = Story("batch_000002F").then(30, assignee="Flor").then(33, status="S")
    found = figures(first, new, people=people)
    assert [(one.person, one.assigned, one.done) for one in found.people] == [
        ("Flor", 1, 1),
        ("Florencia", 1, 1),
    ]
    assert people.names_of("Flor") == ["Florencia", "Flor"]


def test_a_name_passed_on_and_back_ends_where_it_ends() -> None:
    people = People([Rename("A", "B", at(1)), Rename("B", "A", at(2)), Rename("C", "D", at(3))])
    assert people.called("A", at(0)) == "A"
    assert people.called("B", at(1.5)) == "A"
    assert people.called("C", None) == "D"
    assert People([Rename("A", "A", at(1))]).called("A", at(0)) == "A"


def test_a_batch_without_history_is_what_its_fields_say() -> None:
    story = Story(assignee="Flor", status="S", completed_at=at(9), metadata__assigned_at=at(1))
    story.document["reviewed_at"] = at(10)
    story.document["metadata"]["review_status"] = "Aprobado"
    found = figures(story)
    assert (found.weeks[0].assigned, found.weeks[1].done, found.weeks[1].approved) == (1, 1, 1)
    assert of(found, "Flor").median_days == 8.0


def test_a_batch_was_there_before_its_earliest_event() -> None:
    story = Story(day=70).then(1, assignee="Flor").then(9, status="S")
    found = figures(story)
    assert [(week.total, week.finished) for week in found.weeks[:3]] == [(1, 0), (1, 1), (1, 1)]


def test_texts_of_older_programs_are_local_times() -> None:
    story = Story(assignee="Flor", status="Segmentado", completed_at="2025-09-08 00:30:00")
    story.document["metadata"]["assigned_at"] = "2025-09-07 00:30:00"
    found = figures(story)
    assert [week.done for week in found.weeks[:2]] == [0, 1]
    assert of(found, "Flor").median_days == 1.0


def test_a_batch_imported_as_finished_is_done_but_no_work_of_that_week() -> None:
    story = Story(assignee="Flor", status="S", completed_at=at(0), metadata__assigned_at=at(-9))
    put(story.document, "metadata.review_status", "Aprobado")
    put(story.document, "reviewed_at", at(0))
    found = figures(story)
    assert found.all.approved == 0
    assert (found.all.done, found.weeks[0].finished, found.weeks[0].total) == (0, 1, 1)
    assert found.forecast.outcome == "nothing_left"


def test_what_another_program_changed_without_history_is_seen_at_the_next_event() -> None:
    story = Story().then(1, assignee="Flor")
    story.document["status"] = "S"
    found = figures(story)
    assert (found.weeks[-1].finished, found.all.open) == (1, 0)
    story.document["assignee"] = "Ceci"
    story.then(30, comments="x").then(31, assignee="Ignacio")
    assert figures(story).weeks[-1].finished == 1


@pytest.mark.parametrize(
    "history",
    [None, "x", [None, 3, {"found": 1}], [{"at": "ayer", "changes": {"a": 1}}],
     [{"changes": [None, {"field": "status", "old": "NS", "new": ["S"]}]}]],
)  # fmt: skip
def test_odd_histories_do_not_stop_the_rest(history: Any) -> None:
    odd = Story().document | {"history": history}
    fine = Story("batch_T000002").then(1, assignee="Flor").then(2, status="S")
    assert figures(odd, fine).all.done == 1
    assert figures(odd, fine).weeks[-1].total == 2
    assert figures({"id": 7, "metadata": "x"}, {}).weeks[-1].total == 2


def test_series_and_priority_choose_batches_and_add_up_to_the_whole() -> None:
    stories = [
        Story("batch_000001F", metadata__priority="alta").then(1, assignee="Flor"),
        Story("batch_T000002", metadata__priority="baja").then(1, assignee="Flor"),
        Story("batch_400", metadata__priority="x").then(1, assignee="Flor"),
    ]
    assert [figures(*stories, series=s).all.assigned for s in ("F", "T", "otra")] == [1, 1, 1]
    assert [figures(*stories, priority=p).all.assigned for p in ("alta", "media", "baja")] == [
        1,
        0,
        1,
    ]
    assert figures(*stories).all.assigned == 3


def test_overdue_is_what_is_open_and_due_before_today() -> None:
    late, today = datetime(2025, 11, 25, tzinfo=UTC), datetime(2025, 11, 26, tzinfo=UTC)
    assert NOW.date() == date(2025, 11, 26)
    stories = [
        Story("batch_1", metadata__due_date=late).then(1, assignee="Flor"),
        Story("batch_2", metadata__due_date=today).then(1, assignee="Flor"),
        Story("batch_3", metadata__due_date=late).then(1, assignee="Flor").then(80, status="S"),
    ]
    assert (figures(*stories).all.overdue, figures(*stories).all.open) == (1, 2)


def test_a_person_alone_is_that_row_of_the_team() -> None:
    stories = [Story(f"batch_{n}").then(n, assignee=name).then(n + 3, status="S")
               for n, name in enumerate(["Flor", "Ceci", "Flor", "Ceci", "Ceci"])]  # fmt: skip
    team, flor = figures(*stories), figures(*stories, person="Flor")
    assert of(team, "Flor") == flor.all
    assert flor.weeks[-1].total == 2


def test_a_period_takes_the_weeks_its_days_lie_in_and_what_was_before_as_a_start() -> None:
    story = Story().then(1, assignee="Flor").then(9, status="S")
    found = figures(story, **{"from": "2025-09-18", "to": "2025-10-01"})
    assert [date.fromordinal(week.start).day for week in found.weeks] == [15, 22, 29]
    assert (found.all.done, found.weeks[0].finished, found.weeks[0].total) == (0, 1, 1)


def test_nine_of_ten_is_what_nine_of_ten_took_at_most() -> None:
    stories = [Story(f"batch_{n}").then(0, assignee="Flor").then(n, status="S")
               for n in range(1, 11)]  # fmt: skip
    assert (figures(*stories).all.median_days, figures(*stories).all.most_days) == (5.5, 9.0)


@pytest.mark.parametrize(
    ("zone", "moment", "monday"),
    [
        # Sunday night in Mexico is Monday in UTC.
        ("America/Mexico_City", "2025-11-17T05:59+00:00", date(2025, 11, 10)),
        ("America/Mexico_City", "2025-11-17T06:00+00:00", date(2025, 11, 17)),
        # Berlin: midnight is 22:00 UTC before, 23:00 UTC after the clock is set back.
        ("Europe/Berlin", "2025-10-19T22:00+00:00", date(2025, 10, 20)),
        ("Europe/Berlin", "2025-10-26T22:59+00:00", date(2025, 10, 20)),
        ("Europe/Berlin", "2025-10-26T23:00+00:00", date(2025, 10, 27)),
        # A quarter to six ahead of UTC.
        ("Asia/Kathmandu", "2025-11-16T18:14+00:00", date(2025, 11, 10)),
        ("Asia/Kathmandu", "2025-11-16T18:15+00:00", date(2025, 11, 17)),
        ("UTC", "0001-01-01T00:00+00:00", date(1, 1, 1)),
    ],
)
def test_weeks_begin_on_monday_midnight_where_the_team_is(
    zone: str, moment: str, monday: date
) -> None:
    calendar = Calendar(ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC))
    assert calendar.week_of(datetime.fromisoformat(moment)) == max(1, monday.toordinal())


def test_a_moment_to_come_is_of_the_present_week() -> None:
    calendar = Calendar(ZoneInfo("UTC"), START)
    assert calendar.week_of(START + timedelta(days=90)) == calendar.current
