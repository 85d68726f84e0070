"""A backup that somebody uploads to restore it: kept beside the others for two days."""

import re
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from exports.rules.backup import BackupError
from exports.services.backups.files import folder

FOLDER = "subidos"
KEPT_SECONDS = 2 * 24 * 3600


def keep(name: str, chunks: Iterable[bytes], *, limit_mb: int) -> Path:
    """Write an uploaded file and return its path; remove those of days gone by.

    Raises BackupError when it is too big or cannot be written; nothing stays then.
    """
    root = folder() / FOLDER
    place = root / secrets.token_hex(8)
    path = place / (re.sub(r"[^\w.-]+", "_", Path(name).name)[:120].strip(".") or "respaldo.json")
    try:
        place.mkdir(parents=True)
        _remove_old(root)
        _write(path, chunks, limit_mb << 20)
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise BackupError(f"No se pudo guardar el archivo: {error.strerror}.") from error
    except BackupError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return path


def _write(path: Path, chunks: Iterable[bytes], limit: int) -> None:
    written = 0
    with path.open("xb") as file:
        path.chmod(0o600)
        for chunk in chunks:
            written += len(chunk)
            if written > limit:
                raise BackupError(
                    f"El archivo pasa de {limit >> 20:,} MB: restáuralo en el servidor con "
                    "«manage.py restore ARCHIVO»."
                )
            file.write(chunk)


def _remove_old(root: Path) -> None:
    before = time.time() - KEPT_SECONDS
    for place in root.iterdir():
        if place.stat().st_mtime < before:
            shutil.rmtree(place, ignore_errors=True)
