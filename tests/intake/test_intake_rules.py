"""States, names, order, pauses: plain Python."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masks.intake.rules import (
    AFTER_MOVE,
    INTERRUPTED,
    MOVES,
    NAME_BYTES,
    TRANSITIONS,
    WHERE,
    Moved,
    Seal,
    State,
    free_name,
    is_settled,
    judge_move,
    may_follow,
    order_key,
    pause,
    why_skipped,
)

OURS, GROWN, THEIRS = Seal(1, 10, 5), Seal(1, 12, 9), Seal(2, 99, 5)
COPY = Seal(3, 10, 5)


def test_every_state_has_its_followers_and_a_place_or_a_move() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(State) == {*WHERE, *MOVES, State.FAILED}
    assert all(may_follow(state, after) for state, after in AFTER_MOVE.items())
    assert all(may_follow(state, before) for state, before in INTERRUPTED.items())


def test_nothing_follows_what_is_archived() -> None:
    assert not any(may_follow(State.ARCHIVED, state) for state in State)


def test_nothing_is_archived_that_was_not_confirmed() -> None:
    assert [s for s in State if may_follow(s, State.ARCHIVED)] == [State.CONFIRMED]
    assert [s for s in State if may_follow(s, State.CONFIRMED) and s is not State.CONFIRMED] == [
        State.UPLOADING
    ]


@pytest.mark.parametrize(
    ("source", "target", "same", "moved"),
    [
        (OURS, None, False, Moved.NOT_YET),
        (None, OURS, False, Moved.MADE),
        (None, COPY, False, Moved.MADE),
        (None, GROWN, False, Moved.MADE),  # somebody went on writing after the move
        (OURS, COPY, True, Moved.COPIED),
        (OURS, THEIRS, False, Moved.NOT_YET),  # a stranger has the name: another is chosen
        (THEIRS, OURS, False, Moved.MADE),  # a new file of the same name came since
        (GROWN, None, False, Moved.NOT_YET),  # it is being written
        (None, THEIRS, False, Moved.LOST),
        (None, None, False, Moved.LOST),
    ],
)
def test_the_folders_say_what_became_of_a_move(
    source: Seal | None, target: Seal | None, same: bool, moved: Moved
) -> None:
    assert judge_move(OURS, source, target, lambda: same) is moved


def test_a_seal_survives_its_text() -> None:
    seal = Seal(2**64 - 1, 0, 1_700_000_000_123_456_789)
    assert Seal.parse(str(seal)) == seal


def test_names_with_numbers_are_taken_in_the_order_of_the_numbers() -> None:
    names = ["img_10.png", "img_9.png", "IMG_2.png", "a.png", "10.png", "9b.png"]
    assert sorted(names, key=order_key) == [
        "9b.png", "10.png", "a.png", "IMG_2.png", "img_9.png", "img_10.png",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_names_have_an_order(names: list[str]) -> None:
    ordered = sorted(names, key=order_key)
    names.reverse()
    assert sorted(names, key=order_key) == ordered


def test_a_taken_name_gets_a_number() -> None:
    assert free_name("a.png", {"a.png", "a (2).png"}.__contains__) == "a (3).png"
    assert free_name("sin punto", {"sin punto"}.__contains__) == "sin punto (2)"
    assert free_name(".oculto", {".oculto"}.__contains__) == ".oculto (2)"


@given(st.text(min_size=1, max_size=255), st.integers(1, 12))
def test_a_free_name_is_free_and_fits_a_file_system(name: str, taken: int) -> None:
    used: set[str] = set()
    for _ in range(taken):
        free = free_name(name, used.__contains__)
        assert free not in used
        used.add(free)
        assert len(free.encode()) <= max(NAME_BYTES, len(name.encode()))


def test_pauses_grow_up_to_half_an_hour() -> None:
    assert [pause(n, 5).total_seconds() for n in (1, 2, 3)] == [5, 10, 20]
    assert pause(50, 5) == timedelta(minutes=30)
    assert pause(0, 5) == pause(1, 5)


@pytest.mark.parametrize(
    ("name", "regular", "part"),
    [
        ("carpeta", False, "no es un archivo"),
        (".oculta.png", True, "oculto"),
        ("img.png.PART", True, "sin terminar"),
        ("Thumbs.db", True, "sistema"),
        ("img.png", True, ""),
        ("sin extensión", True, ""),
    ],
)
def test_what_is_no_image_to_take_is_skipped_with_a_reason(
    name: str, regular: bool, part: str
) -> None:
    reason = why_skipped(name, regular=regular, kind="una carpeta")
    assert part in reason
    assert bool(reason) is bool(part)


def test_a_file_is_settled_by_its_age_or_by_being_watched() -> None:
    assert is_settled(age=3, unchanged=0, settle=2)
    assert is_settled(age=-500, unchanged=2, settle=2)  # another host's clock is ahead
    assert not is_settled(age=1, unchanged=1, settle=2)
