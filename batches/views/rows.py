"""Rows of the dashboard's table and cards of the board as HTML, kept while they look the same."""

from collections.abc import Hashable, Iterable

from django.utils.safestring import SafeString, mark_safe

from batches.presenting import BatchRow
from segmentacion.http.kept_rows import KeptRows
from segmentacion.templatetags.spanish import ago

_rows = KeptRows("dashboard/row.html", most=2_000)
_cards = KeptRows("board/card.html", most=4_000)


def html_of(rows: Iterable[BatchRow], *, may_edit: bool) -> SafeString:
    """Return the rows one after another, as `dashboard/row.html` shows each."""
    parts = []
    for row in rows:
        told = ago(row.updated_at)  # the one time that is told in words changes by itself
        context = {"row": row, "may_edit": may_edit}
        parts.append(_rows.html((*_shown(row), told, may_edit), context))
    return _joined(parts)


def cards_of(rows: Iterable[BatchRow], *, may_edit: bool, first: bool) -> SafeString:
    """Return the cards one after another, as `board/card.html` shows each. With `first`, they begin
    a column, and the tab key stops at the first of them."""
    cards: list[str] = []
    for row in rows:
        stop = first and not cards
        context = {"row": row, "may_edit": may_edit, "stop": stop}
        cards.append(_cards.html((*_shown(row), may_edit, stop), context))
    return _joined(cards)


def _joined(parts: Iterable[str]) -> SafeString:
    return mark_safe("\n".join(parts))  # noqa: S308 - rendered, and escaped, by the templates


def _shown(row: BatchRow) -> tuple[Hashable, ...]:
    """Return all that decides how a row looks."""
    values = {**vars(row), "files": tuple(row.files)}
    return tuple((type(value), value) for value in values.values())
