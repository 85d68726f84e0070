"""A workload that came back with its status filled in, read as spreadsheets save it.

Excel saves our CSV with or without BOM, with `;` where the comma is the decimal sign, as
Windows-1252, with more columns and with quotes; the guard of cells may still be there. A status
that was left blank asks for nothing.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from batches.rules.cells import unguard
from batches.rules.names import parse_batch_id
from batches.rules.selecting import MAX_BATCHES
from batches.rules.states import Status

MAX_BYTES = 10_000_000
SEPARATORS = (",", ";", "\t")
HEADS = {
    "batch": ("batch id", "batch", "id"),
    "responsible": ("responsable", "assignee"),
    "status": ("estatus", "status", "estado"),
}
TITLES = {"batch": "Batch ID", "responsible": "Responsable", "status": "Estatus"}
WORDS = {
    Status.NOT_SEGMENTED: ("ns", "no segmentado", "no segmentada"),
    Status.IN_PROGRESS: ("in", "incompleto", "incompleta", "en proceso"),
    Status.SEGMENTED: (
        "s",
        "segmentado",
        "segmentada",
        "completo",
        "completa",
        "completado",
        "completada",
    ),
}
STATUSES = {word: status for status, words in WORDS.items() for word in words}


class WorkloadFormatError(Exception):
    """The file as a whole is no workload; the message says what is wrong with it."""


@dataclass(frozen=True)
class Asked:
    """A row that asks for a status. `row` is the spreadsheet's number, the head being 1."""

    row: int
    batch: str
    responsible: str
    status: Status


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be taken: what it says, and why."""

    row: int
    text: str
    reason: str


@dataclass
class Filled:
    """A file as it was read: what it asks, what is refused, how many rows ask for nothing."""

    asked: list[Asked] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    blank: int = 0
    windows: bool = False


def parse_filled(data: bytes) -> Filled:
    """Read a file. Raises WorkloadFormatError when it is no table of this kind."""
    text, windows = _decoded(data)
    records = _records(text)
    columns = _columns(next(records, []))
    filled = Filled(windows=windows)
    for number, record in enumerate(records, start=2):
        if number > MAX_BATCHES + 1:
            raise WorkloadFormatError(f"El archivo tiene más de {MAX_BATCHES:,} filas.")
        _read_row(filled, number, record, columns)
    if not (filled.asked or filled.refused or filled.blank):
        raise WorkloadFormatError("El archivo no trae ninguna fila.")
    _refuse_repeated(filled)
    return filled


def status_of(text: str) -> Status | None:
    """Return the status that a cell means, in any case and with the Spanish words, or None."""
    return STATUSES.get(_folded(text).strip(" .○◐●"))


def _decoded(data: bytes) -> tuple[str, bool]:
    """Return the text, and whether it was Windows-1252. Raises WorkloadFormatError."""
    if len(data) > MAX_BYTES:
        raise WorkloadFormatError(f"El archivo pasa de {MAX_BYTES // 1_000_000} MB.")
    if data[:2] == b"PK":
        raise WorkloadFormatError("Es un libro de Excel: guárdalo como CSV y súbelo otra vez.")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _strictly(data, "utf-16"), False
    try:
        text, windows = data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        text, windows = _strictly(data, "cp1252"), True
    if "\0" in text:
        raise WorkloadFormatError("No es un archivo de texto: guárdalo como CSV.")
    return text, windows


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise WorkloadFormatError("No es un archivo de texto: guárdalo como CSV.") from error


def _records(text: str) -> Iterator[list[str]]:
    """Yield the records. Raises WorkloadFormatError where a quote has no end."""
    head, _, rest = text.partition("\n")
    if head.strip().casefold() in {f"sep={separator}" for separator in SEPARATORS}:
        text, head = rest, rest.partition("\n")[0]
    separator = max(SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise WorkloadFormatError(
            f"El CSV está dañado en la línea {reader.line_num:,}: unas comillas no cierran."
        ) from error


def _columns(head: Sequence[str]) -> dict[str, int]:
    """Return where each column is. Raises WorkloadFormatError naming what is missing."""
    titles = [_folded(unguard(cell)) for cell in head]
    found: dict[str, int] = {}
    for name, known in HEADS.items():
        places = [place for title in known for place, cell in enumerate(titles) if cell == title]
        exact = [place for place in places if titles[place] == known[0]]
        if len(exact) > 1:
            raise WorkloadFormatError(f"La columna «{TITLES[name]}» está más de una vez.")
        if places:
            found[name] = places[0]
    if missing := [title for name, title in TITLES.items() if name not in found]:
        raise WorkloadFormatError(
            f"Falta la columna {', '.join(f'«{title}»' for title in missing)}. La primera fila "
            "debe ser: Batch ID, Responsable, Estatus."
        )
    return found


def _read_row(
    filled: Filled,
    number: int,
    record: Sequence[str],
    columns: Mapping[str, int],
) -> None:
    cells = {
        name: unguard(record[place]).strip() if place < len(record) else ""
        for name, place in columns.items()
    }
    if not any(cells.values()):
        return  # an empty line at the end, or between
    if not cells["status"]:
        filled.blank += 1
        return
    batch, status = parse_batch_id(cells["batch"]), status_of(cells["status"])
    if batch is None:
        reason = "no es un id de batch" if cells["batch"] else "falta el id del batch"
    elif status is None:
        reason = f"el estatus «{cells['status'][:30]}» no existe (NS, In o S)"
    else:
        filled.asked.append(Asked(number, batch, cells["responsible"], status))
        return
    filled.refused.append(RefusedRow(number, batch or cells["batch"][:60], reason))


def _refuse_repeated(filled: Filled) -> None:
    """Keep one row per batch; where rows disagree, none."""
    rows: dict[str, list[Asked]] = {}
    for asked in filled.asked:
        rows.setdefault(asked.batch, []).append(asked)
    filled.asked = []
    for first, *others in rows.values():
        differing = next((other for other in others if other.status != first.status), None)
        if differing is None:
            filled.asked.append(first)
        else:
            filled.refused.append(_repeated(first, differing))
        filled.refused += [_repeated(other, first) for other in others]


def _repeated(asked: Asked, other: Asked) -> RefusedRow:
    reason = f"repetido: ya está en la fila {other.row}"
    if asked.status != other.status:
        reason = f"repetido con otro estatus: la fila {other.row} dice {other.status}"
    return RefusedRow(asked.row, asked.batch, reason)


def _folded(text: str) -> str:
    """Return a text without accents, letter case and spare blanks."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
