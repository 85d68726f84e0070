"""What holds of figures whatever the histories are."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from batches.rules.changes import Refusal
from tests.batches.metrics.lives import Story, figures, tally_of

PEOPLE = ["Flor", "Ceci", "Maggie"]
ACTS = st.one_of(
    st.builds(lambda name: {"assignee": name}, st.sampled_from([*PEOPLE, None])),
    st.builds(lambda status: {"status": status}, st.sampled_from(["NS", "In", "S"])),
    st.just({"review_status": "Aprobado"}),
    st.just({"review_status": "No Aprobado", "review_comment": "bordes"}),
    st.just({"review_status": "Pendiente"}),
    st.just({}),  # undo the last act
)
LIVES = st.lists(
    st.lists(st.tuples(st.floats(0.01, 9), ACTS), max_size=9), min_size=1, max_size=6
)  # fmt: skip


def story_of(number: int, acts: list[tuple[float, dict[str, str]]]) -> Story:
    """Return a batch that went through these acts, as far as the rules let them pass."""
    story, day = Story(f"batch_{number}"), 0.0
    for pause, asked in acts:
        day += pause
        if not asked and story.document["history"]:
            story.undo(day)
            continue
        try:
            story.then(day, **asked) if asked else None
        except Refusal:
            continue
    return story


def stories_of(lives: list[list[tuple[float, dict[str, str]]]]) -> list[Story]:
    return [story_of(number, acts) for number, acts in enumerate(lives)]


@given(LIVES, st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_batches_are_read_makes_no_difference(
    lives: list[list[tuple[float, dict[str, str]]]], chance: random.Random
) -> None:
    stories = stories_of(lives)
    mixed = stories.copy()
    chance.shuffle(mixed)
    assert figures(*stories) == figures(*mixed)


@given(LIVES)
@settings(max_examples=60, deadline=None)
def test_the_last_week_ends_with_what_there_is_now_and_verdicts_add_up(
    lives: list[list[tuple[float, dict[str, str]]]],
) -> None:
    stories = stories_of(lives)
    found = figures(*stories)
    finished = sum(story.document["status"] == "S" for story in stories)
    last = found.weeks[-1]
    assert (last.total, last.finished) == (len(stories), finished)
    assert found.all.open == len(stories) - finished
    verdicts = sum(week.approved + week.rejected for week in found.weeks)
    assert found.all.approved + found.all.rejected == verdicts
    assert found.all.first_approved <= found.all.first_reviewed <= verdicts
    assert found.all.done <= len(stories)
    for name in ("assigned", "done", "approved", "rejected"):
        assert getattr(found.all, name) == sum(getattr(w, name) for w in found.weeks)
        assert getattr(found.all, name) == sum(getattr(p, name) for p in found.people)


@given(LIVES, st.sampled_from([*PEOPLE, "Ignacio"]))
@settings(max_examples=60, deadline=None)
def test_giving_everything_to_somebody_today_changes_no_week_before(
    lives: list[list[tuple[float, dict[str, str]]]], name: str
) -> None:
    stories = stories_of(lives)
    before = figures(*stories)
    for story in stories:
        if story.document["assignee"] != name:
            story.then(85, assignee=name)
    after = figures(*stories)
    assert after.weeks[:-1] == before.weeks[:-1]
    done = {one.person: (one.done, one.approved, one.rejected) for one in before.people}
    now = {one.person: (one.done, one.approved, one.rejected) for one in after.people}
    assert all(now.get(person, (0, 0, 0)) == counts for person, counts in done.items())


@given(LIVES)
@settings(max_examples=30, deadline=None)
def test_sums_of_parts_are_sums_of_the_whole(
    lives: list[list[tuple[float, dict[str, str]]]],
) -> None:
    stories = stories_of(lives)
    whole = tally_of(stories)
    assert whole.batches == sum(tally_of([story]).batches for story in stories)
    found = figures(*stories)
    each = [figures(*stories, person=one.person).all for one in found.people]
    assert [replace(one) for one in found.people] == each
