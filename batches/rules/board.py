"""What the board shows: a filter in which finished batches come only when asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batches.rules.filters import BatchFilter, parse_filter
from batches.rules.states import Status
from crew.filters import FilterError

OPEN = (str(Status.NOT_SEGMENTED), str(Status.IN_PROGRESS))
FILTERS = ("status", "priority", "q", "uploaded", "overdue")
DONE_SHOWN = "done"
# Cards of a column at once: a page, and at most what a refresh asks for again.
PAGE = 30
MOST = 300


@dataclass(frozen=True)
class BoardRequest:
    """Which batches the board shows. `done`: segmented ones too; `size`: cards per column."""

    filter: BatchFilter = field(default_factory=lambda: BatchFilter(status=OPEN))
    done: bool = False
    size: int = PAGE

    @property
    def is_narrowed(self) -> bool:
        """Tell whether some filter is set, beyond leaving out the segmented ones."""
        return not replace(self.filter, status=()).is_empty or bool(self.chosen_status)

    @property
    def chosen_status(self) -> tuple[str, ...]:
        """Return the statuses somebody chose; the usual ones are nobody's choice."""
        return () if self.filter.status == OPEN else self.filter.status


def parse_board(params: Mapping[str, Sequence[str]]) -> BoardRequest:
    """Return what query parameters ask the board for. Raises FilterError naming what is wrong."""
    unknown = [name for name in params if name not in (*FILTERS, DONE_SHOWN, "size")]
    if unknown:
        raise FilterError(f"Parámetro desconocido: {', '.join(unknown)}")
    asked = parse_filter({name: params[name] for name in FILTERS if name in params})
    done = list(params.get(DONE_SHOWN, ()))[-1:] == ["true"]
    if not asked.status and not done:
        asked = replace(asked, status=OPEN)
    return BoardRequest(asked, done, _size(params))


def _size(params: Mapping[str, Sequence[str]]) -> int:
    text = list(params.get("size", ()))[-1:] or [""]
    if not (text[0].isascii() and text[0].isdigit() and len(text[0]) < 6):
        return PAGE
    return min(max(int(text[0]), PAGE), MOST)


def as_select(board_filter: BatchFilter) -> dict[str, Any]:
    """Return the filter as the API's `select` takes it."""
    given: dict[str, Any] = {
        name: list(values)
        for name in ("status", "priority")
        if (values := getattr(board_filter, name))
    }
    for name in ("uploaded", "overdue"):
        if getattr(board_filter, name) is not None:
            given[name] = getattr(board_filter, name)
    if board_filter.q:
        given["q"] = board_filter.q
    return given


def split_moved(
    documents: Iterable[dict[str, Any]], seen: Mapping[str, str | None]
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Return the batches still with whom the caller saw them, and the others with the reason.

    `seen` is the assignee by id; a batch it does not name was not looked at and passes.
    """
    kept: list[dict[str, Any]] = []
    moved: list[tuple[str, str]] = []
    for document in documents:
        batch_id, holder = str(document.get("id")), document.get("assignee") or None
        if batch_id in seen and (seen[batch_id] or None) != holder:
            moved.append((batch_id, _moved(holder, seen[batch_id])))
        else:
            kept.append(document)
    return kept, moved


def _moved(now: str | None, seen: str | None) -> str:
    held = f"lo tiene {now}" if now else "está sin asignar"
    shown = f"lo tenía {seen}" if seen else "estaba sin asignar"
    return f"otra persona lo movió: ahora {held}; cuando lo viste {shown}"
