"""The memory of a sync: it does not grow with how many files there are, old or new.

What is held at once (stretches, answers of the server, changes that are followed) is made small
here, so that 5,000 files are many; what Python allocates is counted, not what the system gives.
"""

import gc
import tracemalloc

import pytest

from batches.services import marks
from masks import feed, store
from masks.queries import files
from masks.services import catalogue
from segmentacion.mongo import changes
from tests.factories import batch_document, make_batches
from tests.masks.syncing import sync

pytestmark = pytest.mark.usefixtures("mongo")

FEW, MANY, BATCHES, AT_ONCE = 500, 5_000, 50, 125


@pytest.fixture(autouse=True)
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name in (
        (store, "STRETCH"), (store, "BATCH_SIZE"), (catalogue, "STRETCH"), (files, "STRETCH"),
        (files, "RAW_BATCH"), (feed, "MAX_CHANGES"), (changes, "AT_ONCE"), (marks, "CHUNK"),
    ):  # fmt: skip
        monkeypatch.setattr(place, name, AT_ONCE)


def put(numbers: range) -> None:
    """Put files of few batches into the store."""
    store.files().insert_many(
        {"filename": f"masks_batch_{n % BATCHES:06d}F_{n}.tar.xz", "length": 1_000} for n in numbers
    )


def most_in_a_full_run(expected: int) -> int:
    """Return how many bytes a full run allocated at most."""
    gc.collect()
    tracemalloc.start()
    try:
        assert sync(full=True).total_files == expected
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_times_the_files_take_no_more_memory() -> None:
    make_batches(batch_document(f"batch_{n:06d}F") for n in range(BATCHES))
    put(range(1))
    sync()  # what is imported and kept for good is there
    put(range(1, FEW))
    few = most_in_a_full_run(FEW)
    few_again = most_in_a_full_run(FEW)
    put(range(FEW, MANY))
    many = most_in_a_full_run(MANY)
    many_again = most_in_a_full_run(MANY)
    told = f"new: {few:,} → {many:,} bytes; nothing new: {few_again:,} → {many_again:,}"
    assert many < 2 * few, told
    assert many_again < 2 * few_again, told
