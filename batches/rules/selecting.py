"""Which batches an act is about: ids, a filter, a range, or a pasted list."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batches.rules.filters import BatchFilter, parse_filter
from batches.rules.names import parse_batch_id
from crew.filters import FilterError

_RANGE = re.compile(r"\s*([\w-]+?)\s*(?:-|–|—|\ba\b|\.\.)\s*([\w-]+?)\s*", re.IGNORECASE)
_SERIES = re.compile(r"batch_(T?)([0-9]+)(F?)")
# What one act may be about: its plan is held in memory.
MAX_BATCHES = 50_000


@dataclass(frozen=True)
class Selection:
    """Exactly one of: ids (as asked), a filter, a range of ids (both ends included)."""

    ids: tuple[str, ...] | None = None
    filter: BatchFilter | None = None
    range: tuple[str, str] | None = None
    unknown: tuple[str, ...] = ()


def parse_selection(asked: object) -> Selection:
    """Return the selection that an API's `select` asks for. Raises FilterError."""
    if not isinstance(asked, Mapping) or len(asked) != 1:
        raise FilterError("select: di «ids», «filter» o «range», uno solo")
    ((kind, value),) = asked.items()
    if kind == "ids":
        return _parse_ids(value)
    if kind == "range" and isinstance(value, str):
        return Selection(range=parse_range(value))
    if kind == "filter" and isinstance(value, Mapping):
        return Selection(filter=parse_filter({k: _texts(v) for k, v in value.items()}))
    raise FilterError(f"select: no se entiende «{kind}»")


def parse_list(text: str) -> Selection:
    """Return the batches named in a pasted text (any separator); what is no id is `unknown`."""
    words = [word for word in re.split(r"[\s,;|]+", text) if word]
    return _parse_ids(words)


def parse_range(text: str) -> tuple[str, str]:
    """Return the ends of `000100F-000200F`. Raises FilterError unless both are of one series."""
    match = _RANGE.fullmatch(text)
    ends = [parse_batch_id(end) for end in match.groups()] if match else []
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        raise FilterError(f"range: «{text[:60]}» no es un rango como 000100F-000200F")
    first, last = ends[0], ends[1]
    if _series(first) != _series(last):
        raise FilterError("range: los dos extremos deben ser de la misma serie")
    return (first, last) if first <= last else (last, first)


def check_count(count: int, name: str) -> None:
    """Raise FilterError when an act would be about more batches than one act may be."""
    if count > MAX_BATCHES:
        raise FilterError(f"{name}: son demasiados batches (máximo {MAX_BATCHES:,} a la vez)")


def in_series(batch_id: str, end: str) -> bool:
    """Tell whether an id is of the same series (T, F or plain, same length) as a range's end."""
    return _series(batch_id) == _series(end)


def _series(batch_id: str) -> tuple[str, int, str] | None:
    match = _SERIES.fullmatch(batch_id)
    return (match[1], len(match[2]), match[3]) if match else None


def _parse_ids(value: Any) -> Selection:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise FilterError("ids: debe ser una lista")
    check_count(len(value), "ids")
    known: list[str] = []
    unknown: list[str] = []
    for word in value:
        batch_id = parse_batch_id(word) if isinstance(word, str) else None
        if batch_id:
            known.append(batch_id)
        else:
            unknown.append(str(word)[:60])
    return Selection(ids=tuple(dict.fromkeys(known)), unknown=tuple(unknown))


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return ["true" if v is True else "false" if v is False else str(v) for v in values]
