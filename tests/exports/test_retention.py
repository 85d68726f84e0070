"""Which automatic backups stay."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from exports.rules.retention import Kept, to_remove

MOMENTS = st.lists(
    st.tuples(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)), st.booleans()),
    max_size=60,
)


def kept(moments: list[tuple[datetime, bool]]) -> list[Kept]:
    return [Kept(f"{n:03d}", at, good) for n, (at, good) in enumerate(moments)]


def test_a_year_of_days_leaves_seven_days_four_weeks_twelve_months() -> None:
    start = datetime(2025, 12, 31, 3)
    backups = kept([(start - timedelta(days=n), True) for n in range(400)])
    left = {b.file: b.at for b in backups} | {}
    for file in to_remove(backups):
        left.pop(file)
    days = sorted(left.values(), reverse=True)
    assert days[:7] == [start - timedelta(days=n) for n in range(7)]
    assert len({(d.year, d.month) for d in days}) == 12
    assert 7 + 3 + 11 - 2 <= len(days) <= 7 + 3 + 11


@given(MOMENTS)
def test_the_newest_good_one_always_stays(moments: list[tuple[datetime, bool]]) -> None:
    backups = kept(moments)
    good = [b for b in backups if b.good]
    gone = set(to_remove(backups))
    if good:
        newest = max(b.at for b in good)
        assert any(b.at == newest and b.file not in gone for b in good)
    else:
        assert not gone


@given(MOMENTS)
def test_removing_again_removes_nothing(moments: list[tuple[datetime, bool]]) -> None:
    backups = kept(moments)
    gone = set(to_remove(backups))
    assert to_remove([b for b in backups if b.file not in gone]) == []


@given(MOMENTS)
def test_no_more_stay_than_the_rule_says(moments: list[tuple[datetime, bool]]) -> None:
    backups = kept(moments)
    gone = set(to_remove(backups))
    assert len([b for b in backups if b.good and b.file not in gone]) <= 7 + 4 + 12


def test_what_is_dated_in_the_future_is_left_alone() -> None:
    now = datetime(2025, 6, 1)
    backups = kept([(now + timedelta(days=n), True) for n in range(1, 40)])
    assert to_remove(backups, now=now) == []
