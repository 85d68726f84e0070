"""What the list of mask files can be filtered and sorted by, on the page and in the API."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from batches.rules.names import parse_batch_id
from batches.rules.verdicts import VerdictKind
from crew.filters import FilterError, parse_period

SORTS = ("date", "name")
UNVERIFIED = "none"
VERDICTS = (*map(str, VerdictKind), UNVERIFIED)
FILTERS = ("q", "verdict", "batch", "conflict", "who", "from", "to", "gone")
PAGING = ("sort", "per_page", "cursor", "versions")
MAX_PER_PAGE = 200
MAX_QUERY = 100
# A search inside names reads every name of the index: not for one or two letters.
MIN_INSIDE = 3
TRUE = {"true", "1"}

Params = Mapping[str, Sequence[str]]
_ID_START = re.compile(r"(?:batch[_-]?)?(T?)([0-9]+F?|)", re.IGNORECASE)


class BatchState(StrEnum):
    """Whether the batches of a file are here: all, not all, or the file names none."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True)
class Search:
    """What was typed: the beginning of a name, or with `inside` any part of it; and, where it
    reads like one, the beginnings of batch ids that it may be."""

    text: str
    inside: bool = False
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileFilter:
    """Which files. Empty means: whatever. `batch` is a BatchState or an id; `gone` shows those
    that left the store instead of those in it; days are local, both included."""

    q: str = ""
    verdict: tuple[str, ...] = ()
    batch: str = ""
    conflict: bool = False
    who: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    gone: bool = False

    @property
    def search(self) -> Search | None:
        return parse_search(self.q) if self.q else None

    @property
    def is_empty(self) -> bool:
        return self == FileFilter()


@dataclass(frozen=True)
class FileRequest:
    """Which page of which list; the cursor comes from the page before or after. `versions`: it is
    also to be said which of its batch's files each is."""

    filter: FileFilter = FileFilter()
    sort: str = "date"
    descending: bool = True
    per_page: int = 50
    cursor: str = ""
    versions: bool = False


def parse_files(params: Params, *, per_page: int = 50) -> FileRequest:
    """Return the page that query parameters ask for. Raises FilterError naming what is wrong."""
    unknown = [name for name in params if name not in (*FILTERS, *PAGING)]
    if unknown:
        raise FilterError(f"Parámetro desconocido: {', '.join(unknown)[:80]}")
    sort = _last(params, "sort") or "-date"
    if sort.removeprefix("-") not in SORTS:
        raise FilterError(f"sort: «{sort[:40]}» no se puede ordenar (usa {', '.join(SORTS)})")
    return FileRequest(
        filter=_filter(params),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        per_page=_number(_last(params, "per_page"), per_page),
        cursor=_last(params, "cursor"),
        versions=_flag(params, "versions"),
    )


def parse_search(text: str) -> Search:
    """Return what a search means: `*129F` looks inside names, `0001` also for ids, like the
    dashboard's. Raises FilterError when a search inside names is too short."""
    if text.startswith("*"):
        inside = text.strip("*")
        if len(inside) < MIN_INSIDE:
            raise FilterError(f"q: para buscar dentro del nombre escribe {MIN_INSIDE} letras o más")
        return Search(inside, inside=True)
    match = _ID_START.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return Search(text)
    letter, digits = match[1].upper(), match[2].upper()
    if letter or digits.endswith("F"):
        return Search(text, ids=(f"batch_{letter}{digits}",))
    return Search(text, ids=(f"batch_{digits}", f"batch_T{digits}"))


def _filter(params: Params) -> FileFilter:
    text = _text("q", _last(params, "q"))
    start, end = parse_period({name: _last(params, name) for name in ("from", "to")})
    parsed = FileFilter(
        q=text,
        verdict=_verdicts(params),
        batch=_batch(_last(params, "batch")),
        conflict=_flag(params, "conflict"),
        who=tuple(dict.fromkeys(_text("who", who) for who in params.get("who", ()) if who)),
        start=start,
        end=end,
        gone=_flag(params, "gone"),
    )
    if text:
        parse_search(text)
    return parsed


def _verdicts(params: Params) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(value for value in params.get("verdict", ()) if value))
    wrong = [value for value in values if value not in VERDICTS]
    if wrong:
        raise FilterError(f"verdict: «{wrong[0][:40]}» no existe (usa {', '.join(VERDICTS)})")
    return values


def _batch(text: str) -> str:
    if not text or text in [str(state) for state in BatchState]:
        return text
    batch_id = parse_batch_id(text) if len(text) <= MAX_QUERY else None
    if batch_id is None:
        states = ", ".join(BatchState)
        raise FilterError(f"batch: «{text[:40]}» no es un id de batch (ni {states})")
    return batch_id


def _flag(params: Params, name: str) -> bool:
    value = _last(params, name).lower()
    if value and value not in TRUE | {"false", "0"}:
        raise FilterError(f"{name}: «{value[:40]}» no es true ni false")
    return value in TRUE


def _text(name: str, text: str) -> str:
    text = text.strip()
    if len(text) > MAX_QUERY or "\0" in text:
        raise FilterError(f"{name}: es demasiado largo (máximo {MAX_QUERY} caracteres)")
    return text


def _number(text: str, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise FilterError(f"per_page: «{text[:20]}» debe ser un número de 1 a {MAX_PER_PAGE}")
    if not 1 <= int(text) <= MAX_PER_PAGE:
        raise FilterError(f"per_page: «{text}» debe ser un número de 1 a {MAX_PER_PAGE}")
    return int(text)


def _last(params: Params, name: str) -> str:
    values = params.get(name) or ("",)
    return values[-1]
