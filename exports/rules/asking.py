"""What an export is asked for: a format, and the filters and sort of the screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from batches.rules.filters import FILTERS, PageRequest, parse_page
from crew.filters import FilterError


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


SHEETS = (Format.CSV, Format.XLSX)


@dataclass(frozen=True)
class Asked:
    """Which batches, in what order, written how."""

    list: PageRequest = field(default_factory=PageRequest)
    format: Format = Format.CSV


def parse_asked(
    params: Mapping[str, Sequence[str]],
    *,
    formats: Sequence[Format] = SHEETS,
    sortable: bool = False,
) -> Asked:
    """Return what query parameters ask for. Raises FilterError naming what is wrong.

    The names and values are those of `GET /api/batches`, without pages: an export is whole.
    """
    known = (*FILTERS, *(["sort"] if sortable else []))
    unknown = [name for name in params if name not in {*known, "format"}]
    if unknown:
        raise FilterError(f"Parámetro desconocido: {', '.join(unknown)}")
    wanted = (params.get("format") or ["csv"])[-1]
    if wanted not in formats:
        raise FilterError(f"format: «{wanted[:20]}» no existe (usa {', '.join(formats)})")
    asked = parse_page({name: params[name] for name in params if name != "format"})
    return Asked(asked, Format(wanted))
