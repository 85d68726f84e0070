"""Older databases open as they are: every reading works before anything is adopted."""

from datetime import date
from typing import Any

import pytest

from batches import queries
from batches.models import Batch
from batches.presenting import BatchRow, as_json, as_row
from batches.rules.filters import SORTS, PageRequest
from crew import queries as crew_queries
from crew.models import Segmenter
from segmentacion.http.json import dumps
from segmentacion.mongo.indexes import ensure_declared
from tests.batches.adoption.older import (
    load,
)

pytestmark = pytest.mark.usefixtures("older_server")


@pytest.fixture(params=["legacy_database.json", "djongo_database.json"])
def ids(request: pytest.FixtureRequest, older_server: None) -> list[str]:
    """The ids of a database that nobody adopted, "" where there is none, in order."""
    contents = load(request.param)
    ensure_declared(Batch)
    return sorted(document.get("id", "") for document in contents["batches"])


def rows_of(page: queries.BatchPage) -> list[BatchRow]:
    assert dumps([as_json(document) for document in page.documents])
    return [as_row(document, date(2026, 1, 1)) for document in page.documents]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_it_lists_every_batch_by_page(ids: list[str], sort: str, descending: bool) -> None:
    seen = []
    for number in range(1, 6):
        request = PageRequest(sort=sort, descending=descending, per_page=2, page=number)
        seen += [row.id for row in rows_of(queries.page(request))]
    assert sorted(seen) == ids


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_it_lists_by_cursor_too(ids: list[str], sort: str, descending: bool) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        request = PageRequest(sort=sort, descending=descending, per_page=2, cursor=cursor)
        page = queries.page(request)
        seen += [row.id for row in rows_of(page)]
        cursor = page.next_cursor  # type: ignore[assignment]
    assert sorted(seen) == ids


def test_it_counts_and_shows_the_crew_of_a_database_that_nobody_adopted(legacy: Any) -> None:
    counters = queries.counters()
    assert (counters.total, counters.unassigned, counters.overdue) == (9, 3, 1)
    assert {member.name for member in crew_queries.all_members()} == {
        "Mauricio", "Flor", "Maggie", "Ceci ", "Ignacio",
    }  # fmt: skip
    assert queries.duplicated_ids() == {"batch_000001F"}
    assert len(list(Batch.objects.all())) == 9
    assert len(list(Segmenter.objects.all())) == 5


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -1, [1], {"a": 1}, True, "x"])
def test_it_shows_a_batch_whose_numbers_are_none(odd: Any) -> None:
    document = {"version": odd, "metadata": {"total_masks": odd}, "file_info": {"file_count": odd}}
    assert as_row(document, date(2026, 1, 1)).status == "NS"
    assert dumps(as_json(document))
