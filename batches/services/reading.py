"""Files of batches: JSON, CSV or XLSX, whatever their name says; or the folders of images.

Everything here may come from anybody: sizes are limited before anything is opened.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from django.conf import settings

from batches.rules.importing import ImportFormatError, entries_of
from batches.rules.names import declared_batch_id
from batches.rules.tables import MAX_COLUMNS, Table, csv_rows, read_table

MAX_FILE_BYTES = 256 << 20
MAX_UNPACKED = 160 << 20
MAX_MEMBERS = 2_000
LAST_ROW = 1 << 20  # what a sheet has; one that says more would be filled with blanks for ever
XLSX = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
WINDOWS = "El archivo no está en UTF-8: se leyó como Windows-1252. Revisa los acentos."


def read_path(path: Path) -> Table:
    """Read a file of batches. Raises ImportFormatError that says what is wrong."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ImportFormatError(f"{path.name} es demasiado grande (máximo 256 MB).")
        content = path.read_bytes()
    except OSError as error:
        raise ImportFormatError(f"No se pudo leer {path}: {error.strerror}.") from error
    return read_content(path.name, content)


def read_content(name: str, content: bytes) -> Table:
    """Read the bytes of a file of batches. What they are is seen from them; the name decides
    between JSON and CSV. Raises ImportFormatError."""
    if content.startswith(XLSX):
        return read_table(_sheet_rows(name, content))
    if content.startswith(OLD_EXCEL):
        raise ImportFormatError(f"{name} es de un Excel antiguo (.xls): guárdalo como .xlsx o CSV.")
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        text, notices = _decoded(name, content)
        table = read_table(csv_rows(text))
        table.notices += notices
        return table
    if name.lower().endswith((".xlsx", ".xlsm")):
        raise ImportFormatError(f"{name} no es un archivo de Excel: está dañado o vacío.")
    return Table(_json_entries(name, content))


def unpacked_size(content: bytes) -> int:
    """Return how many bytes a workbook takes unpacked; the size of a file that is none."""
    if not content.startswith(XLSX):
        return len(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return len(content)


def scan_folders(root: Path | None = None) -> Table:
    """Return the batches whose folders are in the folder of images: the names of the grammar,
    one level deep. Raises ImportFormatError."""
    root = root or Path(settings.DATA_DIRECTORY)
    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir())
    except OSError as error:
        raise ImportFormatError(f"No se pudo leer la carpeta {root}: {error.strerror}.") from error
    named = [path for path in folders if declared_batch_id(path.name)]
    if not named:
        raise ImportFormatError(f"En {root} no hay carpetas con nombre de batch.")
    entries: list[object] = [{"id": path.name, "folder": str(path)} for path in named]
    return Table(entries)


def _json_entries(name: str, content: bytes) -> list[object]:
    try:
        return entries_of(json.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise ImportFormatError(
            f"{name} no está en UTF-8 (byte {error.start:,}): ¿es un JSON?"
        ) from error
    except json.JSONDecodeError as error:
        raise ImportFormatError(
            f"{name} no es JSON válido: línea {error.lineno}, columna {error.colno} ({error.msg})."
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise ImportFormatError(f"{name} no es JSON válido: tiene un número sin fin.") from error
    except RecursionError as error:
        raise ImportFormatError(
            f"{name} no es una lista de batches: demasiados niveles."
        ) from error


def _decoded(name: str, content: bytes) -> tuple[str, list[str]]:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), [WINDOWS]
    except UnicodeDecodeError as error:
        raise ImportFormatError(
            f"{name} no es texto en UTF-8 ni en Windows-1252 (byte {error.start:,})."
        ) from error


def _sheet_rows(name: str, content: bytes) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the first sheet. What it says of its own size is not believed."""
    _check_packed(name, content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS)):
            if number >= LAST_ROW:
                raise ImportFormatError(f"{name} dice tener más filas que una hoja de cálculo.")
            yield row
    except (ImportFormatError, MemoryError):
        raise
    except Exception as error:
        # openpyxl raises whatever its parsers do: a file that is not one has no type of error.
        raise ImportFormatError(f"{name} no es un archivo de Excel que se pueda leer.") from error


def _check_packed(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ImportFormatError(
            f"{name} no es un archivo de Excel: está dañado o incompleto."
        ) from error
    if len(members) > MAX_MEMBERS or sum(m.file_size for m in members) > MAX_UNPACKED:
        raise ImportFormatError(f"{name} ocupa demasiado al descomprimirse: no se abrió.")
