"""A workload that came back with its status filled in: read as spreadsheets save it, then planned.

Excel saves our CSV with or without BOM, with `;` where the comma is the decimal sign, as
Windows-1252, with more columns and with quotes; the guard of cells may still be there. A status
that was left blank asks for nothing.
"""

import csv
import io
import json
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batches.rules.cells import unguard
from batches.rules.changes import Asker, Refusal, Situation, plan_change
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
    Status.SEGMENTED: ("s", "segmentado", "segmentada", "completo", "completa", "completado"),
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


@dataclass(frozen=True)
class PlannedStatus:
    """A change to make: the batch, whose it is, old and new status, the version it was seen at."""

    row: int
    id: str
    assignee: str | None
    old: str
    new: str
    version: int


@dataclass(frozen=True)
class Accepted:
    """A change that somebody saw in a plan and wants: only at the version it was seen at."""

    id: str
    status: Status
    version: int


@dataclass
class Filled:
    """A file as it was read: what it asks, what is refused, how many rows ask for nothing."""

    asked: list[Asked] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    blank: int = 0
    windows: bool = False


@dataclass
class WorkloadPlan:
    """What a file would do."""

    changes: list[PlannedStatus] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    unchanged: int = 0
    blank: int = 0


def parse_filled(data: bytes) -> Filled:
    """Read a file. Raises WorkloadFormatError when it is no table of this kind."""
    text, windows = _decoded(data)
    records = _records(text)
    columns = _columns(next(records, []))
    filled = Filled(windows=windows)
    seen: dict[str, int] = {}
    for number, record in enumerate(records, start=2):
        if number > MAX_BATCHES + 1:
            raise WorkloadFormatError(f"El archivo tiene más de {MAX_BATCHES:,} filas.")
        _read_row(filled, number, record, columns, seen)
    if not (filled.asked or filled.refused or filled.blank):
        raise WorkloadFormatError("El archivo no trae ninguna fila.")
    return filled


def plan_workload(
    filled: Filled,
    batches: Mapping[str, Mapping[str, Any]],
    *,
    asker: Asker,
    now: datetime,
    ambiguous: Collection[str] = (),
) -> WorkloadPlan:
    """Compare what a file asks with the batches as they are (by id), by the rules of changes.

    `ambiguous` are ids that several documents share.
    """
    plan = WorkloadPlan(refused=list(filled.refused), blank=filled.blank)
    for asked in filled.asked:
        reason = _why_not(asked, batches, ambiguous, windows=filled.windows)
        if reason is None:
            reason = _plan_row(plan, asked, batches[asked.batch], asker, now)
        if reason is not None:
            plan.refused.append(RefusedRow(asked.row, asked.batch, reason))
    plan.refused.sort(key=lambda refused: refused.row)
    return plan


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
            f"Falta la columna {', '.join(f'«{title}»' for title in missing)}. La primera fila debe "
            "ser: Batch ID, Responsable, Estatus."
        )
    return found


def _read_row(
    filled: Filled,
    number: int,
    record: Sequence[str],
    columns: Mapping[str, int],
    seen: dict[str, int],
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
    elif (first := seen.setdefault(batch, number)) != number:
        reason = f"repetido: ya está en la fila {first}"
    else:
        filled.asked.append(Asked(number, batch, cells["responsible"], status))
        return
    filled.refused.append(RefusedRow(number, batch or cells["batch"][:60], reason))


def _why_not(
    asked: Asked,
    batches: Mapping[str, Mapping[str, Any]],
    ambiguous: Collection[str],
    *,
    windows: bool,
) -> str | None:
    if asked.batch in ambiguous:
        return "hay varios batches con este id: resuélvelo con adopt_database --duplicates"
    if asked.batch not in batches:
        return "no existe"
    holder = str(batches[asked.batch].get("assignee") or "")
    if _same_person(asked.responsible, holder, windows=windows):
        return None
    named = f"es de {asked.responsible[:80]}" if asked.responsible else "no tiene responsable"
    now = f"lo tiene {holder}" if holder else "está sin asignar"
    return f"en el archivo {named}; ahora {now}"


def _plan_row(
    plan: WorkloadPlan,
    asked: Asked,
    batch: Mapping[str, Any],
    asker: Asker,
    now: datetime,
) -> str | None:
    """Add a row to the plan; return why it cannot be, if it cannot."""
    situation, status = Situation.of(batch), str(asked.status)
    if situation.status == status:
        plan.unchanged += 1
        return None
    try:
        plan_change(situation, {"status": status}, asker=asker, crew=(), now=now)
    except Refusal as refusal:
        return str(refusal)
    version = int(batch.get("version") or 0)
    plan.changes.append(
        PlannedStatus(
            asked.row, asked.batch, situation.assignee, situation.status, status, version
        )
    )
    return None


def _same_person(given: str, holder: str, *, windows: bool) -> bool:
    """Tell whether a cell names this person, as far as its file could write the name."""
    spellings = {_spelled(holder)}
    if windows:
        spellings.add(_spelled(_as_windows(holder)))
    return _spelled(given) in spellings


def _spelled(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _as_windows(name: str) -> str:
    """Return a name as Excel saves it in Windows-1252: `?` for each UTF-16 unit it cannot write."""
    shown = unicodedata.normalize("NFC", name)
    doubled = "".join("??" if character > "\uffff" else character for character in shown)
    return doubled.encode("cp1252", "replace").decode("cp1252")


def _folded(text: str) -> str:
    """Return a text without accents, letter case and spare blanks."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def accepted_text(plan: WorkloadPlan) -> str:
    """Return what a page hands back when its plan is confirmed."""
    return json.dumps([[change.id, change.new, change.version] for change in plan.changes])


def parse_accepted(text: str) -> list[Accepted]:
    """Read it back. Raises WorkloadFormatError: it comes from a form, and may be anything."""
    try:
        return [Accepted(*_checked(entry)) for entry in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise WorkloadFormatError("El plan no se entiende: sube el archivo otra vez.") from error


def _checked(entry: Any) -> tuple[str, Status, int]:
    batch, status, version = entry
    known = parse_batch_id(batch) if isinstance(batch, str) else None
    if known is None or not isinstance(version, int):
        raise ValueError(batch)
    return known, Status(status), version
