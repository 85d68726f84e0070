"""The mask files beside a backup: `masks/` with a file per file of the store, and a manifest.

A copy is named for the store's id, whatever type that has; the manifest says which file it is.
What is there with equal length and SHA-256 is not copied again, so a copy that was cut off goes
on where it ended.
"""

import hashlib
import json
import os
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from bson import json_util

from exports.rules.backup import BackupError
from exports.services.backups.progress import Progress, Stage
from masks.services.copying import UnreadableFileError, content_of, every_file, how_much
from segmentacion.mongo.clients import Document

FOLDER, MANIFEST = "masks", "manifest.jsonl"
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
        raise BackupError(
            f"No se pudieron guardar las máscaras en {to}: {error.strerror}."
        ) from error


def _copy_all(place: Path) -> Generator[Progress, None, MasksReport]:
    report, known, done, total = MasksReport(), _manifest(place), 0, how_much()
    part = place / f"{MANIFEST}.part"
    with part.open("w", encoding="utf-8") as manifest:
        for file in every_file():
            name = copy_name(file["_id"])
            entry = known.get(name)
            try:
                if _is_there(place / name, file, entry):
                    report.kept += 1
                else:
                    entry = _copy(place / name, file)
                    report.copied += 1
            except UnreadableFileError as error:
                report.failed.append(f"{str(file.get('filename'))[:120]}: {error}")
                continue
            manifest.write(json_util.dumps(entry, json_options=json_util.CANONICAL_JSON_OPTIONS))
            manifest.write("\n")
            done += int(file.get("length") or 0)
            yield Progress(Stage.MASKS, done, total)
        _sync(manifest)
    part.rename(place / MANIFEST)
    return report


def copy_name(file_id: Any) -> str:
    """Return the file name of a copy: the id when it is plain, else a digest of it."""
    text = json_util.dumps(file_id) if not isinstance(file_id, str) else file_id
    text = str(file_id) if file_id.__class__.__name__ == "ObjectId" else text
    if SAFE.search(text) or not text.strip(".") or len(text) > 100:
        return hashlib.sha256(text.encode()).hexdigest()
    return text


def _manifest(place: Path) -> dict[str, Document]:
    """Return what earlier copies wrote, the unfinished one's included; cut lines are left out."""
    known: dict[str, Document] = {}
    for name in (MANIFEST, f"{MANIFEST}.part"):
        try:
            lines = (place / name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            try:
                entry = json_util.loads(line)
            except json.JSONDecodeError:
                continue
            known[str(entry["copy"])] = entry
    return known


def _is_there(path: Path, file: Document, entry: Document | None) -> bool:
    if entry is None or not path.exists() or path.stat().st_size != file.get("length"):
        return False
    digest = hashlib.sha256()
    with path.open("rb") as copy:
        while block := copy.read(BLOCK):
            digest.update(block)
    return bool(digest.hexdigest() == entry["sha256"])


def _copy(path: Path, file: Document) -> Document:
    """Copy one file: beside its place, checked, synced, then named."""
    part, digest, length = path.with_name(f"{path.name}.part"), hashlib.sha256(), 0
    with part.open("wb") as copy:
        for piece in content_of(file["_id"]):
            digest.update(piece)
            length += len(piece)
            copy.write(piece)
        _sync(copy)
    if length != file.get("length"):
        part.unlink()
        raise UnreadableFileError(f"llegaron {length:,} bytes de {file.get('length')}")
    part.rename(path)
    return {"copy": path.name, "sha256": digest.hexdigest(), "length": length, "file": file}


def _sync(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
