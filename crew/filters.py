"""What the lists of every app are filtered by: an error of one kind, days and periods alike."""

from collections.abc import Mapping
from datetime import date

YEARS = range(1900, 2201)  # at the ends of time no day follows, and no time zone fits


class FilterError(Exception):
    """A parameter that is unknown or has a value outside its list; the message names it."""


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
