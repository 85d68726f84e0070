"""The list of files of `/masks`: its filters as a sentence, its heads, its pager."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from batches.rules.verdicts import VERDICT_LABELS
from crew.access import may
from crew.filters import FilterError
from crew.rules import Capability
from masks.presenting.listing import UNVERIFIED_LABEL, rows_of
from masks.queries import listing
from masks.queries.unknown import kept_unknown
from masks.rules.listing import UNVERIFIED, BatchState, FileFilter, FileRequest, parse_files
from masks.views.rows import html_of
from segmentacion.templatetags.spanish import day

PAGE_SIZES = (25, 50, 100, 200)
VERDICT_CHOICES = {**{str(k): v for k, v in VERDICT_LABELS.items()}, UNVERIFIED: UNVERIFIED_LABEL}
BATCH_CHOICES = {
    str(BatchState.KNOWN): "Con su batch aquí",
    str(BatchState.UNKNOWN): "Su batch falta aquí",
    str(BatchState.NONE): "Sin batch en el nombre",
}
HEADS = (("name", "Archivo"), ("date", "Cuándo"))
FIRST_DIRECTION = {"name": "", "date": "-"}


@dataclass(frozen=True)
class Chip:
    """One active filter, as a word of a sentence, and the URL without it."""

    label: str
    url: str


@dataclass(frozen=True)
class Head:
    """A sortable head: its state (`asc`, `desc` or "") and where a click leads."""

    key: str
    label: str
    state: str
    url: str


def list_context(request: HttpRequest) -> tuple[dict[str, Any], int]:
    """Return what the list shows, and the status of the answer: 400 for a filter that is not
    understood, with the whole list instead."""
    asked, page, error = _read(request)
    rows, acts = rows_of(page.documents, versions=True), _acts(request)
    rights = {name: acts[name] for name in ("may_verify", "may_download")}
    context = {
        "asked": asked,
        "filter": asked.filter,
        "error": error,
        "page": page,
        "rows": html_of(rows, **rights),
        "count": _words(page.count),
        "total": _words(listing.counted(FileFilter())),
        "any_files": not asked.filter.is_empty or page.count,
        "chips": _chips(request.GET),
        "heads": _heads(request.GET, asked),
        "next": _url(request.GET, cursor=page.next) if page.next else "",
        "previous": _url(request.GET, cursor=page.previous) if page.previous else "",
        "first": _url(request.GET) if page.previous else "",
        "page_sizes": PAGE_SIZES,
        **acts,
    }
    return context, 400 if error else 200


def _read(request: HttpRequest) -> tuple[FileRequest, listing.FilePage, str]:
    try:
        asked = parse_files(_given(request.GET))
        return asked, listing.page(asked), ""
    except FilterError as problem:
        return FileRequest(), listing.page(FileRequest()), str(problem)


def _acts(request: HttpRequest) -> dict[str, Any]:
    """Return what can be done about the files, and how much of it there is."""
    unknown = kept_unknown()
    outstanding = listing.counted(FileFilter(verdict=(UNVERIFIED,)))
    return {
        "outstanding": outstanding,
        "outstanding_words": _words(outstanding),
        "unknown": unknown,
        "may_verify": may(request.user, Capability.VERIFY),
        "may_download": may(request.user, Capability.EDIT) or may(request.user, Capability.REVIEW),
        "may_create": may(request.user, Capability.EDIT),
    }


def filter_choices() -> dict[str, Any]:
    """Return what the menus of filters offer."""
    return {
        "verdict_choices": VERDICT_CHOICES.items(),
        "batch_choices": BATCH_CHOICES.items(),
        "people": listing.people(),
    }


def _words(count: int) -> str:
    limit = listing.COUNT_LIMIT
    return f"{count:,}" if count <= limit else f"más de {limit:,}"


def _given(params: QueryDict) -> dict[str, list[str]]:
    """Leave out what a form sends empty."""
    return {name: values for name, values in params.lists() if any(values)}


def _chips(params: QueryDict) -> list[Chip]:
    return [
        Chip(label, _url(params, drop=(name, value)))
        for name, values in _given(params).items()
        for value in values
        if value and (label := _label(name, value))
    ]


def _label(name: str, value: str) -> str:
    if name == "verdict":
        return VERDICT_CHOICES.get(value, "")
    if name == "batch":
        return BATCH_CHOICES.get(value, f"de {value}")
    if name in {"conflict", "gone"}:
        on = value.lower() in {"true", "1"}
        return ({"conflict": "en conflicto", "gone": "ya no están"}[name]) if on else ""
    if name in {"from", "to"}:
        return f"{'desde' if name == 'from' else 'hasta'} {_day(value)}"
    return {"q": f"«{value}»", "who": f"subido por {value}"}.get(name, "")


def _day(text: str) -> str:
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


def _heads(params: QueryDict, asked: FileRequest) -> list[Head]:
    heads = []
    for key, label in HEADS:
        current = asked.sort == key
        state = ("desc" if asked.descending else "asc") if current else ""
        way = ("" if asked.descending else "-") if current else FIRST_DIRECTION[key]
        heads.append(Head(key, label, state, _url(params, sort=f"{way}{key}")))
    return heads


def _url(params: QueryDict, *, drop: tuple[str, str] | None = None, **changes: str) -> str:
    """Return this page's URL with something changed, at its first page unless told."""
    pairs = [
        (name, value)
        for name, values in _given(params).items()
        for value in values
        if name not in changes and name != "cursor" and (name, value) != drop
    ]
    return "?" + urlencode(pairs + list(changes.items()))
