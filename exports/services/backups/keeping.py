"""What is done with backups that are there: finding, checking again, removing their files."""

from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exports.models import BackupRecord
from exports.rules.backup import NAME, BackupError
from exports.services.backups.files import check_file
from exports.services.backups.progress import Progress
from exports.services.backups.records import Verdict, record_removed
from segmentacion.mongo.clients import Document, main_collection

ELSEWHERE = "El archivo no está en este servidor: lo movieron, lo borraron, o está en otro."


class UnknownBackupError(BackupError):
    def __init__(self) -> None:
        super().__init__("Ese respaldo ya no está en la lista.")


class LastGoodError(BackupError):
    """The newest good backup is not removed."""

    def __init__(self) -> None:
        super().__init__(
            "Es el último respaldo bueno y no se elimina: haz otro antes. No se cambió nada."
        )


def listed(limit: int = 100) -> list[Document]:
    """Return the newest records that were not removed, each with `here`: its file is on this
    host; `is_last`: it may not be removed."""
    condition = {"verdict": {"$ne": str(Verdict.REMOVED)}}
    found = list(_collection().find(condition).sort("created_at", -1).limit(limit))
    last = newest_good()
    return [seen(record, last=last) for record in found]


def seen(record: Document, *, last: str | None = None) -> Document:
    """Return a record with its `id`, its file's `name`, `here` and `is_last` (see `listed`)."""
    file = Path(record["file"] or "/")
    return {
        **record,
        "id": record["_id"],
        "name": file.name,
        "here": file.is_file(),
        "is_last": record["_id"] == (last or newest_good()),
    }


def find(key: str) -> Document:
    """Return a record. Raises UnknownBackupError."""
    found: Document | None = _collection().find_one(
        {"_id": key, "verdict": {"$ne": str(Verdict.REMOVED)}}
    )
    if found is None:
        raise UnknownBackupError
    return found


def path_of(record: Document) -> Path:
    """Return the file of a record. Raises BackupError when it is not on this host."""
    path = Path(record["file"] or "/")
    if not NAME.fullmatch(path.name) or not path.is_file():
        raise BackupError(ELSEWHERE)
    return path


def newest_good() -> str | None:
    """Return the id of the newest good backup whose file is here, else of the newest good one."""
    good = list(_collection().find({"verdict": str(Verdict.GOOD)}).sort("created_at", -1))
    here = next((record for record in good if Path(record["file"]).is_file()), None)
    chosen = here or (good[0] if good else None)
    return str(chosen["_id"]) if chosen else None


def verify(key: str) -> Generator[Progress, None, dict[str, Any]]:
    """Read a backup's file to its end and record what was found; yield progress.

    Raises BackupError when it is not whole (recorded first) or not here (nothing recorded).
    """
    record = find(key)
    path = path_of(record)
    try:
        reader = yield from check_file(path)
        if (
            record.get("sha256")
            and reader.integrity
            and reader.integrity.sha256 != record["sha256"]
        ):
            raise BackupError(f"{path.name}: no es el mismo archivo que se guardó.")
    except BackupError as error:
        _checked(key, Verdict.FAILED, str(error))
        raise
    _checked(key, Verdict.GOOD, "")
    return {"file": path.name, "documents": reader.total}


def remove(key: str) -> str:
    """Remove a backup's file and take it off the list; return its name.

    Raises LastGoodError, UnknownBackupError, BackupError when the file cannot be removed.
    """
    record = find(key)
    if key == newest_good():
        raise LastGoodError
    path = Path(record["file"] or "/")
    try:
        if NAME.fullmatch(path.name):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"No se pudo eliminar {path.name}: {error.strerror}.") from error
    if record["file"]:
        record_removed(record["file"])
    _collection().update_one(
        {"_id": key}, {"$set": {"verdict": str(Verdict.REMOVED), "removed_at": datetime.now(UTC)}}
    )
    return path.name


def _checked(key: str, verdict: Verdict, error: str) -> None:
    values = {"verdict": str(verdict), "error": error, "checked_at": datetime.now(UTC)}
    _collection().update_one({"_id": key}, {"$set": values})


def _collection() -> Any:
    return main_collection(BackupRecord.COLLECTION)
