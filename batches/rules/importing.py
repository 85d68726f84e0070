"""Importing batches: rows as they came, and the plan of what they would do.

A plan is made and shown before anything is written. Fields are paths in the document.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from itertools import count
from typing import Any

from batches.rules.dates import parse_date, parse_time
from batches.rules.names import parse_batch_id
from batches.rules.states import Priority, Review, Status, check_state

TEXTS = {"folder": 1024, "comments": 10_000}
METADATA = (
    "assigned_at", "due_date", "priority", "review_status", "total_masks", "completed_masks",
)  # fmt: skip
STATE_PATHS = {"status", "assignee", "metadata.review_status", "metadata.priority", "comments"}
# Kept by this system; a file never sets them.
OWN_FIELDS = {
    "_id", "id", "metadata", "history", "version", "created_at", "updated_at", "completed_at",
    "reviewed_at", "mongo_uploaded", "file_info", "training_metrics_info",
}  # fmt: skip
MAX_COUNT = 10_000_000  # eight digits


class ImportFormatError(Exception):
    """The file as a whole is not a list of batches; the message says what is wrong with it."""


@dataclass(frozen=True)
class Row:
    """One entry of a file: its place (from 1), the batch it names, what it sets."""

    row: int
    id: str
    values: dict[str, Any]


@dataclass(frozen=True)
class InvalidRow:
    """An entry that cannot be imported, with what it said and why; the batch, if it names one."""

    row: int
    text: str
    reasons: tuple[str, ...]
    batch_id: str | None = None


@dataclass(frozen=True)
class PlannedChange:
    """What an entry changes in a batch that exists: path → (old, new), seen at a version."""

    id: str
    key: Any
    version: int
    values: dict[str, tuple[Any, Any]]


@dataclass
class ImportPlan:
    """What an import would do. `removed` is filled by a replacement only."""

    new: list[Row] = field(default_factory=list)
    changed: list[PlannedChange] = field(default_factory=list)
    unchanged: int = 0
    invalid: list[InvalidRow] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def entries_of(data: object) -> list[object]:
    """Return the entries of a parsed file: a list, or an object with the list `batches`.

    Raises ImportFormatError when it is neither, or empty.
    """
    entries = data.get("batches") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        raise ImportFormatError(
            "El archivo debe ser una lista de batches o un objeto con la lista «batches»."
        )
    if not entries:
        raise ImportFormatError("El archivo no trae ningún batch.")
    return entries


def parse_rows(
    entries: Iterable[object], zone: tzinfo, numbers: Sequence[int] = ()
) -> Iterator[Row | InvalidRow]:
    """Check each entry by itself and against the ones before it (an id may come once).

    `numbers` are the rows of their file; without them entries are counted from 1.
    """
    seen: dict[str, int] = {}
    for number, entry in zip(numbers or count(1), entries, strict=False):
        row = _parse_row(number, entry, zone)
        if isinstance(row, Row):
            first = seen.setdefault(row.id, number)
            if first != number:
                row = InvalidRow(number, row.id, (f"repetido: ya está en la fila {first}",), row.id)
        yield row


def plan_import(
    rows: Iterable[Row | InvalidRow],
    *,
    existing: Mapping[str, Mapping[str, Any]],
    crew: Collection[str],
    ambiguous: Collection[str] = (),
) -> ImportPlan:
    """Compare rows with the batches that exist (by id) and say what would be done.

    `ambiguous` are ids that several documents share: their rows are invalid until that is
    resolved (`adopt_database --duplicates`).
    """
    plan = ImportPlan()
    for row in rows:
        if isinstance(row, InvalidRow):
            plan.invalid.append(row)
        elif row.id in ambiguous:
            reason = "hay varios batches con este id: resuélvelo con adopt_database --duplicates"
            plan.invalid.append(InvalidRow(row.row, row.id, (reason,), row.id))
        else:
            _plan_row(plan, row, existing.get(row.id), crew)
    return plan


def _plan_row(
    plan: ImportPlan, row: Row, current: Mapping[str, Any] | None, crew: Collection[str]
) -> None:
    before = {path: value_at(current or {}, path) for path in row.values}
    changes = {path: value for path, value in row.values.items() if before[path] != value}
    if current is not None and not changes:
        plan.unchanged += 1
        return
    problems = []
    if current is None or STATE_PATHS & changes.keys():
        comment = str(changes.get("comments", value_at(current or {}, "comments")) or "")
        # Work already held by somebody not in active any more may stay there.
        assignee = (current or {}).get("assignee")
        held = {assignee} if isinstance(assignee, str) and "assignee" not in changes else set()
        problems = check_state(
            _state(current or {}, changes), crew={*crew, *held}, review_comment=comment
        )
    if problems:
        plan.invalid.append(InvalidRow(row.row, row.id, tuple(problems), row.id))
    elif current is None:
        plan.new.append(row)
    else:
        values = {path: (before[path], value) for path, value in changes.items()}
        version = int(current.get("version") or 0)
        plan.changed.append(PlannedChange(row.id, current.get("_id"), version, values))


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, or None."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _state(current: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        "status": Status.NOT_SEGMENTED,
        "assignee": None,
        "metadata.review_status": Review.PENDING,
        "metadata.priority": Priority.MEDIUM,
    }
    state = {}
    for path, default in defaults.items():
        value = changes[path] if path in changes else value_at(current, path)
        state[path.removeprefix("metadata.")] = default if value is None else value
    return state


def _parse_row(number: int, entry: object, zone: tzinfo) -> Row | InvalidRow:
    given = {"id": entry} if isinstance(entry, str) else entry
    if not isinstance(given, dict):
        return InvalidRow(number, _shorten(entry), ("no es un nombre ni un objeto",))
    identifier = given.get("id")
    batch_id = parse_batch_id(identifier) if isinstance(identifier, str) else None
    problems = [] if batch_id else [_id_problem(identifier)]
    values: dict[str, Any] = {}
    for path, value in _paths(given):
        try:
            values[path] = _parse_value(path, value, zone)
        except ValueError as error:
            problems.append(f"{path}: {error}")
    if problems or batch_id is None:
        return InvalidRow(number, _shorten(identifier), tuple(problems), batch_id)
    return Row(number, batch_id, values)


def _paths(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    metadata = given.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        yield "metadata", metadata
    elif metadata:
        yield from ((f"metadata.{name}", value) for name, value in metadata.items())
    for name, value in given.items():
        if name in METADATA:
            yield f"metadata.{name}", value
        elif name not in OWN_FIELDS:
            yield name, value


def _parse_value(path: str, value: Any, zone: tzinfo) -> Any:
    name = path.removeprefix("metadata.")
    if path == "metadata":
        raise ValueError("debe ser un objeto")
    if not name or "." in name or name.startswith("$") or "\0" in name:
        raise ValueError("no es un nombre de campo que se pueda guardar")
    if path in TEXTS:
        return _parse_text(value, TEXTS[path])
    if path == "assignee":
        return _parse_text(value, 80).strip() or None
    if path == "status":
        return _parse_choice(value, Status.NOT_SEGMENTED)
    if name in METADATA and path != name:
        return _parse_metadata(name, value, zone)
    return value


def _parse_metadata(name: str, value: Any, zone: tzinfo) -> Any:
    if name == "due_date":
        return parse_date(value)
    if name == "assigned_at":
        return parse_time(value, zone)
    if name == "priority":
        return _parse_choice(value, Priority.MEDIUM)
    if name == "review_status":
        return _parse_choice(value, Review.PENDING)
    return _parse_count(value)


def _parse_choice(value: Any, default: StrEnum) -> str:
    """Return a text as given (whether it is of the list is judged with the other fields)."""
    if value is None or value == "":
        return str(default)
    if not isinstance(value, str):
        raise ValueError(f"«{_shorten(value)}» no es un texto")
    return value


def _parse_count(value: Any) -> int:
    if value is None or value == "":
        return 0
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit():
        raise ValueError(f"«{_shorten(value)}» no es un número entero")
    if len(text) > 8 or int(text) > MAX_COUNT:
        raise ValueError(f"{_shorten(text)} es demasiado grande")
    return int(text)


def _parse_text(value: Any, limit: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"«{_shorten(value)}» no es un texto")
    if len(value) > limit:
        raise ValueError(f"es demasiado largo (máximo {limit:,} caracteres)")
    return value


def _id_problem(identifier: object) -> str:
    if identifier is None or identifier == "":
        return "falta el id"
    return (
        f"«{_shorten(identifier)}» no es un id de batch "
        "(batch_ y T con 6 dígitos, 6 dígitos con F, o solo dígitos)"
    )


def _shorten(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
