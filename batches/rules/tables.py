"""Tables of batches, as spreadsheets save them: heads with many names, cells as people write them.

A cell that is left empty asks for nothing. Plain Python; opening files is for the services.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batches.rules.cells import unguard
from batches.rules.importing import ImportFormatError
from batches.rules.names import declared_batch_id
from batches.rules.states import Priority, Review, Status

MAX_ROWS = 200_000
MAX_COLUMNS = 60
SEPARATORS = (",", ";", "\t")
HEADS = {
    "id": ("batch id", "batch", "id", "id del batch", "lote"),
    "folder": ("carpeta", "folder", "ruta"),
    "assignee": ("responsable", "assignee", "segmentador", "asignado a"),
    "status": ("estatus", "status", "estado"),
    "priority": ("prioridad", "priority"),
    "due_date": ("fecha limite", "due date", "vence", "entrega"),
    "review_status": ("revision", "review status", "review", "estado de revision"),
    "comments": ("comentarios", "comentario", "comments", "notas"),
    "total_masks": ("mascaras totales", "total masks", "total de mascaras", "total mascaras"),
    "completed_masks": ("mascaras terminadas", "completed masks", "mascaras hechas"),
    "assigned_at": ("asignado", "assigned at", "fecha de asignacion"),
}
# Columns of our own exports that this system keeps by itself.
KEPT_HERE = {
    "cargado a mongo", "archivos", "ultimo archivo", "verificacion", "actualizado",
    "mongo uploaded", "version", "created at", "updated at",
}  # fmt: skip
FIELDS = {name: path for path, names in HEADS.items() for name in names}
WORDS: dict[str, dict[str, str]] = {
    "status": {
        **{str(status).casefold(): str(status) for status in Status},
        "no segmentado": "NS", "incompleto": "In", "incompleta": "In", "en proceso": "In",
        "segmentado": "S", "completado": "S", "completo": "S",
    },
    "priority": {str(priority): str(priority) for priority in Priority},
    "review_status": {str(review).casefold(): str(review) for review in Review},
}  # fmt: skip
THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
DAY_FIRST = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")


@dataclass
class Table:
    """A table as it was read: entries for `parse_rows`, their rows in the file, and what to say."""

    entries: list[object] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def read_table(rows: Iterable[Sequence[Any]]) -> Table:
    """Return what a table says, its first row that is not empty being the heads.

    A table without heads whose first cell is a batch is a list of names. Raises
    ImportFormatError when there is no column of batches, no row, or too many.
    """
    table = Table()
    numbered = enumerate(rows, start=1)
    first = next(((n, row) for n, row in numbered if not _is_blank(row)), None)
    if first is None:
        raise ImportFormatError("El archivo está vacío.")
    columns = _columns(first[1], table)
    if columns is None:
        columns = {0: "id"}
        _add(table, first[0], first[1], columns)
    for number, row in numbered:
        if not _is_blank(row):
            _add(table, number, row, columns)
    if not table.entries:
        raise ImportFormatError("El archivo no trae ningún batch.")
    return table


def csv_rows(text: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV; the separator is the one its first line has most of.

    Raises ImportFormatError when it is not text, or a quote never ends.
    """
    if "\0" in text:
        raise ImportFormatError("El archivo no es un CSV: tiene bytes que no son texto.")
    told = re.match(r"sep=(.)\r?\n", text)
    lines = text[told.end() :] if told else text
    separator = told[1] if told else _separator(lines)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=separator)
    try:
        yield from reader
    except csv.Error as error:
        raise ImportFormatError(
            f"El CSV no se entiende cerca de la línea {reader.line_num:,}: ¿unas comillas que no "
            "se cierran, o una celda enorme?"
        ) from error


def _separator(text: str) -> str:
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=head.count)


def _columns(cells: Sequence[Any], table: Table) -> dict[int, str] | None:
    """Return column → field, or None when the row is no head but a batch."""
    columns: dict[int, str] = {}
    ignored = []
    for place, cell in enumerate(cells[:MAX_COLUMNS]):
        head = _folded(cell)
        name = FIELDS.get(head)
        if name and name in columns.values():
            raise ImportFormatError(f"La columna «{str(cell)[:40]}» está dos veces.")
        if name:
            columns[place] = name
        elif head and head not in KEPT_HERE:
            ignored.append(str(cell)[:40])
    if "id" not in columns.values():
        if declared_batch_id(unguard(str(cells[0] or ""))):
            return None
        raise ImportFormatError("Falta la columna de los batches: llámala «Batch ID» o «id».")
    if ignored:
        table.notices.append(f"Columnas que no se conocen y no se leen: {', '.join(ignored[:10])}.")
    return columns


def _add(table: Table, number: int, row: Sequence[Any], columns: dict[int, str]) -> None:
    if len(table.entries) >= MAX_ROWS:
        raise ImportFormatError(f"El archivo tiene más de {MAX_ROWS:,} filas.")
    entry: dict[str, Any] = {}
    for place, name in columns.items():
        value = _value(name, row[place]) if place < len(row) else None
        if value is not None:
            entry[name] = value
    table.entries.append(entry)
    table.numbers.append(number)


def _value(name: str, cell: Any) -> Any:
    """Return a cell as `parse_rows` takes it; None when it is empty."""
    if cell is None or isinstance(cell, datetime):
        return _local_text(cell)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = unguard(str(cell)).strip() if name != "comments" else unguard(str(cell))
    if not text.strip():
        return None
    if name in WORDS:
        return WORDS[name].get(text.casefold().strip(" .○◐●"), text)
    if name in {"total_masks", "completed_masks"} and THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    if name in {"due_date", "assigned_at"} and (found := DAY_FIRST.fullmatch(text)):
        return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}"
    return text


def _local_text(cell: datetime | None) -> str | None:
    """A spreadsheet's date has no zone: as a text it is read as a local one."""
    return cell.isoformat(" ", "seconds")[:19] if cell else None


def _folded(cell: Any) -> str:
    """Return a head without accents, case, underscores and doubled blanks."""
    text = unicodedata.normalize("NFKD", unguard(str(cell or ""))).casefold()
    letters = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(letters.replace("_", " ").replace("\ufeff", "").split())


def _is_blank(row: Sequence[Any]) -> bool:
    return all(cell is None or not str(cell).strip() for cell in row)
