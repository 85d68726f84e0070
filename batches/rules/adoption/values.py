"""Readers of single values. Each returns the very object it got when that is already right,
another when it understood something else, and raises ValueError with a Spanish reason."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from batches.rules.dates import parse_date, parse_time

MAX_COUNT = 10_000_000
WORDS_OF_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def tidy(text: str) -> str:
    """Return a text in NFC, with single spaces and none at its ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def read_text(value: Any) -> Any:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("no es un texto")
    return value


def read_choice(value: Any, *, words: Mapping[str, str], default: str) -> Any:
    """Return the value of the list that a text means, whatever its case and spaces.

    `words` has what is understood, in lower case. Nothing (null, blank) means the default.
    """
    if value is None or value == "":
        return default
    if not isinstance(value, str):
        raise ValueError("no es un texto")
    if not value.strip():
        return default
    meant = words.get(tidy(value).casefold())
    if meant is None:
        raise ValueError(f"no es un valor conocido ({', '.join(dict.fromkeys(words.values()))})")
    return value if value == meant else meant


def words_for(values: Iterable[str]) -> dict[str, str]:
    """Return the words that mean these values: themselves, in any case."""
    return {str(value).casefold(): str(value) for value in values}


def read_flag(value: Any) -> Any:
    """Return a boolean; 1 and 0, and the words true and false, mean one. Null means false."""
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    meant = WORDS_OF_TRUTH.get(value.strip().casefold()) if isinstance(value, str) else None
    if meant is None:
        raise ValueError("no es verdadero ni falso")
    return meant


def read_count(value: Any) -> Any:
    """Return a whole number from 0 to ten million; nothing means 0."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return 0
    number = whole_number(value)
    if number is None:
        raise ValueError("no es un número entero desde 0")
    if number > MAX_COUNT:
        raise ValueError("es demasiado grande")
    return value if isinstance(value, int) else number


def whole_number(value: Any) -> int | None:
    """Return the number from 0 up that a value is, or None: 80, 80.0 and "80" are 80."""
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and 0 <= value < 2**53 else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_time(value: Any, zone: tzinfo) -> Any:
    """Return a moment; a text without offset is local to `zone`. Blank means null."""
    return value if isinstance(value, datetime) else parse_time(value, zone)


def read_date(value: Any, zone: tzinfo) -> Any:
    """Return a date as midnight UTC.

    A value with a time is understood only when the day it says is also the day in `zone`.
    """
    day = parse_date(value)
    moment = parse_time(value, zone)
    if day is None or moment is None:
        return None
    if moment == day:
        return value if isinstance(value, datetime) else day
    if moment.astimezone(zone).date() != day.date():
        raise ValueError("tiene una hora con la que no es claro qué día es")
    return day


def read_names(value: Any) -> Any:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("no es una lista")
    return value
