"""Pages of batches: every filter, sort and depth gives what a plain reading would."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batches import queries
from batches.queries.counters import recount
from batches.rules.filters import SORTS, parse_page
from crew.filters import FilterError
from tests.factories import MOMENT, batch_document, make_batch, make_batches

pytestmark = pytest.mark.usefixtures("mongo")

ODD_DATES = [None, "2025-02-30", "31/12/2025", 5]


def page_of(**params: Any) -> queries.BatchPage:
    given = {
        name: value if isinstance(value, list) else [str(value)] for name, value in params.items()
    }
    return queries.page(parse_page(given))


def ids_of(**params: Any) -> list[str]:
    return [document["id"] for document in page_of(**params).documents]


@pytest.fixture
def many() -> list[dict[str, Any]]:
    """120 batches with every kind of value, odd ones included."""
    chance = random.Random(7)
    documents = []
    for n in range(120):
        due: Any = datetime(2025, 10, 1, tzinfo=UTC) + timedelta(days=chance.randrange(60))
        documents.append(
            batch_document(
                f"batch_{n:06d}F" if n % 3 else f"batch_T{n:06d}",
                assignee=chance.choice([None, "", "Flor", "Ceci", "Ana María"]),
                status=chance.choice(["NS", "In", "S", "x"]),
                mongo_uploaded=chance.choice([True, False]),
                updated_at=MOMENT + timedelta(minutes=chance.randrange(5)),
                metadata__priority=chance.choice(["alta", "media", "baja", "urgente"]),
                metadata__review_status=chance.choice(["Pendiente", "Aprobado"]),
                metadata__due_date=chance.choice([due, due, *ODD_DATES]),
            )
        )
    chance.shuffle(documents)
    make_batches(documents)
    return documents


FILTERS: list[dict[str, Any]] = [
    {},
    {"status": "In"},
    {"status": ["In", "S"]},
    {"assignee": "Flor"},
    {"assignee": ""},
    {"priority": "alta", "uploaded": "true"},
    {"review_status": "Pendiente", "overdue": "true"},
    {"overdue": "false", "q": "T0"},
]


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
@pytest.mark.parametrize("params", FILTERS)
def test_pages_and_cursors_pass_every_batch_once_in_one_order(
    many: list[dict[str, Any]], sort: str, params: dict[str, Any]
) -> None:
    whole = ids_of(sort=sort, per_page=500, **params)
    pages = page_of(sort=sort, per_page=7, **params).pages
    by_page = [
        i for n in range(1, pages + 1) for i in ids_of(sort=sort, per_page=7, page=n, **params)
    ]
    assert by_page == whole

    by_cursor: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        found = page_of(sort=sort, per_page=7, cursor=cursor, **params)
        by_cursor += [document["id"] for document in found.documents]
        cursor = found.next_cursor
        assert len(by_cursor) <= len(whole)
    assert by_cursor == whole
    assert page_of(sort=sort, **params).total == len(whole)


@pytest.mark.parametrize(
    ("params", "keep"),
    [
        ({"status": "In"}, lambda b: b["status"] == "In"),
        ({"assignee": ""}, lambda b: not b["assignee"]),
        ({"assignee": ["", "Flor"]}, lambda b: not b["assignee"] or b["assignee"] == "Flor"),
        ({"uploaded": "true"}, lambda b: b["mongo_uploaded"]),
        ({"uploaded": "false"}, lambda b: not b["mongo_uploaded"]),
        ({"priority": "alta"}, lambda b: b["metadata"]["priority"] == "alta"),
        ({"q": "T0001"}, lambda b: b["id"].startswith("batch_T0001")),
        ({"q": "00011"}, lambda b: b["id"][6:].lstrip("T").startswith("00011")),
        ({"q": "BATCH_00011"}, lambda b: b["id"][6:].lstrip("T").startswith("00011")),
        ({"q": ".*"}, lambda b: False),
    ],
)
def test_a_filter_keeps_what_it_says(
    many: list[dict[str, Any]], params: dict[str, Any], keep: Any
) -> None:
    expected = {document["id"] for document in many if keep(document)}
    assert set(ids_of(per_page=500, **params)) == expected


def test_overdue_is_a_real_date_before_today_and_not_segmented(many: list[dict[str, Any]]) -> None:
    late = {
        d["id"]
        for d in many
        if isinstance(d["metadata"]["due_date"], datetime) and d["status"] != "S"
    }
    assert set(ids_of(per_page=500, overdue="true")) == late


def test_enumerated_values_sort_as_people_mean_them() -> None:
    for n, priority in enumerate(["media", "baja", "alta", "urgente"]):
        make_batch(f"batch_{n}", metadata__priority=priority)
    assert ids_of(sort="priority") == ["batch_2", "batch_0", "batch_1", "batch_3"]
    assert ids_of(sort="-priority") == ["batch_3", "batch_1", "batch_0", "batch_2"]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"color": ["rojo"]}, "color"),
        ({"status": ["X"]}, "status"),
        ({"priority": ["urgente"]}, "priority"),
        ({"uploaded": ["quizá"]}, "uploaded"),
        ({"sort": ["folder"]}, "sort"),
        ({"per_page": ["501"]}, "per_page"),
        ({"per_page": ["0"]}, "per_page"),
        ({"page": ["-1"]}, "page"),
        ({"page": ["٣"]}, "page"),
        ({"page": ["9" * 400]}, "page"),
        ({"q": ["x" * 101]}, "q"),
        ({"cursor": ["no"]}, "cursor"),
        ({"cursor": ["ñ%"]}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(params: dict[str, list[str]], named: str) -> None:
    with pytest.raises(FilterError, match=named):
        queries.page(parse_page(params))


def test_a_cursor_of_another_order_is_refused() -> None:
    make_batches([batch_document(f"batch_{n}") for n in range(3)])
    cursor = page_of(per_page=2).next_cursor
    with pytest.raises(FilterError, match="otro orden"):
        page_of(sort="-updated_at", cursor=cursor)


def test_counters_equal_a_recount_after_each_write(many: list[dict[str, Any]]) -> None:
    assert queries.counters() == recount()
    make_batch("batch_9999", status="S", mongo_uploaded=True)
    assert queries.counters() == recount()
    assert queries.counters().total == len(many) + 1


def test_the_counters_of_nothing_are_zero() -> None:
    assert queries.counters().total == 0
    assert page_of().pages == 1
