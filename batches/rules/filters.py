"""What a list of batches can be filtered and sorted by, the same on pages and in the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from batches.rules.states import Priority, Review, Status
from batches.rules.verdicts import DOUBTFUL, VerdictKind
from crew.filters import FilterError

SORTS = (
    "id", "status", "assignee", "priority", "due_date", "review_status", "last_file_upload",
    "updated_at",
)  # fmt: skip
MAX_PER_PAGE = 500
MAX_PAGE = 1_000_000
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class BatchFilter:
    """Which batches. An empty tuple or None means: whatever. `assignee` "" means unassigned;
    `verdict` "none" means uploaded and not verified, "doubtful" any verdict but whole."""

    status: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    review_status: tuple[str, ...] = ()
    uploaded: bool | None = None
    overdue: bool | None = None
    verdict: tuple[str, ...] = ()
    q: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether it lets every batch pass."""
        return self == BatchFilter()


@dataclass(frozen=True)
class PageRequest:
    """Which page of which list: page numbers from 1, or a cursor, which wins."""

    filter: BatchFilter = BatchFilter()
    sort: str = "id"
    descending: bool = False
    page: int = 1
    per_page: int = 50
    cursor: str = ""

    def with_page(self, page: int) -> "PageRequest":
        return replace(self, page=page, cursor="")


Params = Mapping[str, Sequence[str]]
NOT_VERIFIED, ANY_DOUBTFUL = "none", "doubtful"
VERDICTS = (*map(str, VerdictKind), NOT_VERIFIED, ANY_DOUBTFUL)
CHOICES: dict[str, Sequence[str]] = {
    "status": tuple(map(str, Status)),
    "priority": tuple(map(str, Priority)),
    "review_status": tuple(map(str, Review)),
    "verdict": VERDICTS,
}
FILTERS = (*CHOICES, "assignee", "uploaded", "overdue", "q")
PAGING = ("page", "per_page", "sort", "cursor")


def parse_filter(params: Params) -> BatchFilter:
    """Return the filter that query parameters ask for. Raises FilterError naming what is wrong.

    A repeated parameter means any of its values.
    """
    _check_known(params, FILTERS)
    choices = {name: _choices(params, name) for name in CHOICES}
    return BatchFilter(
        **choices,
        assignee=tuple(dict.fromkeys(params.get("assignee", ()))),
        uploaded=_boolean(params, "uploaded"),
        overdue=_boolean(params, "overdue"),
        q=_query(_last(params, "q")),
    )


def parse_page(params: Params, *, per_page: int = 50) -> PageRequest:
    """Return the page that query parameters ask for. Raises FilterError naming what is wrong."""
    _check_known(params, (*FILTERS, *PAGING))
    sort = _last(params, "sort") or "id"
    if sort.removeprefix("-") not in SORTS:
        raise FilterError(f"sort: «{sort}» no se puede ordenar (usa {', '.join(SORTS)})")
    return PageRequest(
        filter=parse_filter({name: params[name] for name in params if name in FILTERS}),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        page=_number(params, "page", 1, MAX_PAGE),
        per_page=_number(params, "per_page", per_page, MAX_PER_PAGE),
        cursor=_last(params, "cursor"),
    )


def _check_known(params: Params, known: Sequence[str]) -> None:
    unknown = [name for name in params if name not in known]
    if unknown:
        raise FilterError(f"Parámetro desconocido: {', '.join(unknown)}")


def _last(params: Params, name: str) -> str:
    values = params.get(name) or ("",)
    return values[-1]


def _choices(params: Params, name: str) -> tuple[str, ...]:
    allowed = CHOICES[name]
    values = tuple(dict.fromkeys(value for value in params.get(name, ()) if value))
    wrong = [value for value in values if value not in allowed]
    if wrong:
        raise FilterError(f"{name}: «{wrong[0]}» no existe (usa {', '.join(allowed)})")
    return values


def _boolean(params: Params, name: str) -> bool | None:
    value = _last(params, name).lower()
    if not value:
        return None
    if value not in BOOLEANS:
        raise FilterError(f"{name}: «{value}» no es true ni false")
    return BOOLEANS[value]


def _number(params: Params, name: str, default: int, limit: int) -> int:
    text = _last(params, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= limit):
        raise FilterError(f"{name}: «{text[:20]}» debe ser un número de 1 a {limit:,}")
    return int(text)


def _query(text: str) -> str:
    text = text.strip()
    if len(text) > 100:
        raise FilterError("q: la búsqueda es demasiado larga (máximo 100 caracteres)")
    if "\0" in text:
        raise FilterError("q: tiene caracteres que no se pueden buscar")
    return text


def verdict_kinds(values: Sequence[str]) -> list[str | None]:
    """Return the stored kinds that a filter by verdict lets pass; None is: not verified."""
    kinds: list[str | None] = [None] if NOT_VERIFIED in values else []
    doubtful = ANY_DOUBTFUL in values
    kinds += [str(k) for k in VerdictKind if k in values or (doubtful and k in DOUBTFUL)]
    return kinds
