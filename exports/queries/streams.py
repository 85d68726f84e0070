"""Reading much, once, without keeping it."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeVar

Row = TypeVar("Row")


def opened(rows: Iterable[Row]) -> Iterator[Row]:
    """Return the same rows with the first one already read.

    Whatever is wrong with a query (the server away, no permission) is so raised before the first
    byte of an answer, while it still can be an error.
    """
    iterator = iter(rows)
    for first in iterator:
        return chain([first], iterator)
    return iter(())
