"""Starts a real mongod for the tests, before Django reads its settings.

Its own free port, a temporary folder, stopped by its own pid. The folder is in memory where
there is plenty: every write here waits for the journal, and no test cuts this server's power.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import psutil

from segmentacion.mongo.embedded import EmbeddedError, EmbeddedMongo
from tests.mongods import server_in

MEMORY, ROOM = "/dev/shm", 6 << 30
PREFIX = "segmentacion-test-"
_folder: Path | None = None
_server: EmbeddedMongo | None = None


def _memory() -> str | None:
    """Return a folder in memory with room to spare, None (the usual place) where there is none."""
    if not os.path.isdir(MEMORY):
        return None
    free = min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available)
    return MEMORY if free > ROOM else None


def _sweep() -> None:
    """Give back the memory of runs that were killed: their servers end, their folders go."""
    for folder in Path(MEMORY).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            with contextlib.suppress(EmbeddedError, OSError):  # another worker sweeps too
                EmbeddedMongo(folder / "mongo").stop(force=True)
            shutil.rmtree(folder, ignore_errors=True)


def _start() -> None:
    """Start the server and point the settings at it."""
    global _folder, _server
    _sweep()
    _folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_memory()))
    _server = server_in(_folder / "mongo")
    os.environ.update(
        ENV_FILE=str(_folder / "none.env"),
        SECRET_KEY="only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
        MONGO_URI=_server.ensure(),
        MONGO_DB="segmentacion_db",
        TRAINING_DB="QUALITY_IEMSA",
        MASKS_BUCKET="training_metrics.masks",
        DATA_DIRECTORY=str(_folder / "data"),
        STATE_DIRECTORY=str(_folder / "state"),
        DEBUG="false",
        HTTPS="false",
    )
    for name in ("TRAINING_MONGO_URI", "CREW_DB", "ADMIN_PASSWORD", "ALLOWED_HOSTS"):
        os.environ.pop(name, None)


def pytest_unconfigure() -> None:
    """Stop the server and remove its folder."""
    global _server
    if _server is not None:
        _server.release()
        _server = None
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)


# At import, because pytest-django reads the settings before any hook of a plugin could run.
_start()
