"""The mask files beside a backup: `masks/` with a file per file of the store, and a manifest.

A copy is named for the store's id, whatever type that has; the manifest says which file it is.
What is there with equal length and SHA-256 is not copied again, so a copy that was cut off goes
on where it ended.
"""

import hashlib
import json
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from bson import json_util
from pymongo.errors import OperationFailure

from exports.rules.backup import BackupError
from exports.services.backups.files import lock
from exports.services.backups.progress import Progress, Stage
from exports.services.saving import why
from masks.services.copying import UnreadableFileError, content_of, every_file, how_much
from segmentacion.mongo.clients import Document
from segmentacion.mongo.errors import is_permission_error

FOLDER, MANIFEST, JOURNAL = "masks", "manifest.jsonl", "manifest.journal"
SAFE = re.compile(r"[^A-Za-z0-9._-]")
BLOCK = 1 << 20


@dataclass
class MasksReport:
    """How many files were copied, how many were there already, and which could not be read."""

    copied: int = 0
    kept: int = 0
    failed: list[str] = field(default_factory=list)


def copy_masks(to: Path) -> Generator[Progress, None, MasksReport]:
    """Copy every mask file into `to/masks`; yield progress in bytes, return the report.

    Raises BackupError when the folder cannot be written, PyMongoError when the store is away.
    """
    try:
        place = to / FOLDER
        place.mkdir(parents=True, exist_ok=True)
        return (yield from _copy_all(place))
    except OSError as error:
        raise BackupError(f"No se pudieron guardar las máscaras en {to}: {why(error)}.") from error
    except OperationFailure as error:
        if is_permission_error(error):
            raise BackupError("La cuenta no puede leer el almacén de máscaras.") from error
        raise


def _copy_all(place: Path) -> Generator[Progress, None, MasksReport]:
    report, done, total = MasksReport(), 0, how_much()
    part = place / f"{MANIFEST}.part"
    with _journal(place) as journal, part.open("w", encoding="utf-8") as manifest:
        known = _manifest(place)
        for file in every_file():
            try:
                entry = _kept_or_copied(place, file, known, journal, report)
            except UnreadableFileError as error:
                report.failed.append(f"{str(file.get('filename'))[:120]}: {error}")
                continue
            manifest.write(entry)
            done += int(file.get("length") or 0)
            yield Progress(Stage.MASKS, done, total)
        _sync(manifest)
    part.rename(place / MANIFEST)
    (place / JOURNAL).unlink()
    return report


@contextmanager
def _journal(place: Path) -> Iterator[IO[str]]:
    """Open what a copy that was cut off goes on from: a line at once for each file copied.

    Raises BackupError when another copy has it open.
    """
    with (place / JOURNAL).open("a", encoding="utf-8", buffering=1) as journal:
        if not lock(journal):
            raise BackupError(f"Ya se están guardando máscaras en {place}: espera a que terminen.")
        journal.write("\n")  # after a line that was cut off
        yield journal


def _kept_or_copied(
    place: Path, file: Document, known: dict[str, Document], journal: IO[str], report: MasksReport
) -> str:
    """Make sure of a file's copy; return its line of the manifest. Raises UnreadableFileError."""
    name = copy_name(file["_id"])
    entry = known.get(name)
    if entry is not None and _is_there(place / name, file, entry):
        report.kept += 1
        return _line(entry)
    line = _line(_copy(place / name, file))
    journal.write(line)
    report.copied += 1
    return line


def _line(entry: Document) -> str:
    return json_util.dumps(entry, json_options=json_util.CANONICAL_JSON_OPTIONS) + "\n"


def copy_name(file_id: Any) -> str:
    """Return the file name of a copy: the id when it is plain, else a digest of it."""
    text = json_util.dumps(file_id) if not isinstance(file_id, str) else file_id
    text = str(file_id) if file_id.__class__.__name__ == "ObjectId" else text
    if SAFE.search(text) or not text.strip(".") or len(text) > 100:
        return hashlib.sha256(text.encode()).hexdigest()
    return text


def _manifest(place: Path) -> dict[str, Document]:
    """Return what earlier copies wrote, an unfinished one's included; cut lines are left out."""
    known: dict[str, Document] = {}
    for name in (MANIFEST, JOURNAL):
        try:
            lines = (place / name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            try:
                entry = json_util.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(entry, dict) and "copy" in entry:
                known[str(entry["copy"])] = entry
    return known


def _is_there(path: Path, file: Document, entry: Document) -> bool:
    if not path.exists() or path.stat().st_size != file.get("length"):
        return False
    digest = hashlib.sha256()
    with path.open("rb") as copy:
        while block := copy.read(BLOCK):
            digest.update(block)
    return bool(digest.hexdigest() == entry["sha256"])


def _copy(path: Path, file: Document) -> Document:
    """Copy one file: beside its place, checked, synced, then named."""
    part, digest, length = path.with_name(f"{path.name}.part"), hashlib.sha256(), 0
    try:
        with part.open("wb") as copy:
            for piece in content_of(file["_id"]):
                digest.update(piece)
                length += len(piece)
                copy.write(piece)
            _sync(copy)
        if length != file.get("length"):
            raise UnreadableFileError(f"llegaron {length:,} bytes de {file.get('length')}")
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return {"copy": path.name, "sha256": digest.hexdigest(), "length": length, "file": file}


def _sync(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
