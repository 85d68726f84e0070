"""What the parameters of the list of files mean, and what is refused."""

from datetime import date

import pytest

from crew.filters import FilterError
from masks.rules.listing import FileFilter, parse_files, parse_search


def test_nothing_asked_is_everything_newest_first() -> None:
    asked = parse_files({})
    assert asked.filter == FileFilter()
    assert (asked.sort, asked.descending, asked.per_page) == ("date", True, 50)


def test_every_filter_is_understood() -> None:
    asked = parse_files(
        {
            "q": [" masks "], "verdict": ["corrupt", "none"], "batch": ["unknown"],
            "conflict": ["true"], "who": ["flor"], "from": ["2025-10-01"], "to": ["2025-10-02"],
            "gone": ["1"], "sort": ["name"], "per_page": ["25"],
        }
    )  # fmt: skip
    assert asked.filter == FileFilter(
        q="masks", verdict=("corrupt", "none"), batch="unknown", conflict=True, who=("flor",),
        start=date(2025, 10, 1), end=date(2025, 10, 2), gone=True,
    )  # fmt: skip
    assert (asked.sort, asked.descending, asked.per_page) == ("name", False, 25)


def test_a_batch_id_is_written_as_everywhere() -> None:
    assert parse_files({"batch": ["Batch-000129f"]}).filter.batch == "batch_000129F"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("verdict", "roto"), ("batch", "x"), ("batch", "batch_1x"), ("conflict", "quizá"),
        ("from", "ayer"), ("to", "2025-13-01"), ("sort", "size"), ("per_page", "0"),
        ("per_page", "201"), ("per_page", "٣"), ("q", "x" * 101), ("q", "*ab"), ("who", "a\0b"),
        ("otro", "1"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(name: str, value: str) -> None:
    with pytest.raises(FilterError, match=name):
        parse_files({name: [value]})


def test_a_period_has_its_start_first() -> None:
    with pytest.raises(FilterError, match="después"):
        parse_files({"from": ["2025-10-02"], "to": ["2025-10-01"]})


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("000129", ("batch_000129", "batch_T000129")),
        ("000129f", ("batch_000129F",)),
        ("batch_T0001", ("batch_T0001",)),
        ("masks_batch_1", ()),
        ("batch", ()),
    ],
)
def test_what_reads_like_an_id_is_looked_for_as_one(text: str, ids: tuple[str, ...]) -> None:
    assert parse_search(text).ids == ids


def test_a_star_searches_inside_names() -> None:
    found = parse_search("*129F")
    assert (found.text, found.inside) == ("129F", True)
