"""What the lists of every app are filtered by: an error of one kind, days and periods alike."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

YEARS = range(1900, 2201)  # at the ends of time no day follows, and no time zone fits


class FilterError(Exception):
    """A parameter that is unknown or has a value outside its list; the message names it."""


class Page(Protocol):
    """What a list found: `next_cursor` leads on, "" at the end."""

    @property
    def next_cursor(self) -> str: ...


F = TypeVar("F")
P = TypeVar("P", bound=Page)


@dataclass(frozen=True)
class Listing(Generic[F, P]):
    """A page of a list as an address asks for it; all of it, with the error, when the address
    makes no sense."""

    asked: F
    page: P
    kept: dict[str, str]  # the filters that hold
    error: str = ""

    @property
    def status(self) -> int:
        return 400 if self.error else 200

    def context(self) -> dict[str, Any]:
        """Return what the templates of `history/` show around the rows."""
        cursor = self.page.next_cursor
        return {
            "asked": self.asked,
            "error": self.error,
            "more": f"?{urlencode(self.kept | {'cursor': cursor})}" if cursor else "",
            "filtered": bool(set(self.kept) - {"cursor"}),
        }


def listing(
    query: Mapping[str, Any],
    names: Collection[str],
    parse: Callable[[dict[str, str]], F],
    find: Callable[[F], P],
) -> Listing[F, P]:
    """Return the page that an address asks for; what a filter that is wrong says is kept."""
    given = {name: str(value) for name, value in query.items() if value}
    try:
        asked = parse(given)
        page = find(asked)
    except FilterError as problem:
        asked = parse({})
        return Listing(asked, find(asked), {}, str(problem))
    return Listing(asked, page, {name: given[name] for name in names if name in given})


def parse_day(name: str, text: str) -> date | None:
    """Return the day of a parameter, None for "". Raises FilterError naming the parameter."""
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        found = date.min
    if found and found.year not in YEARS:
        raise FilterError(f"{name}: «{text[:20]}» no es una fecha como 2025-10-20")
    return found


def parse_period(texts: Mapping[str, str]) -> tuple[date | None, date | None]:
    """Return the days of `from` and `to`, both included. Raises FilterError naming it."""
    start, end = parse_day("from", texts["from"]), parse_day("to", texts["to"])
    if start and end and start > end:
        raise FilterError("El periodo empieza después de terminar")
    return start, end
