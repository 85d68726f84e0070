"""Starts a real mongod for the tests, before Django reads its settings.

Its own free port, a temporary folder, stopped by its own pid.
"""

import os
import shutil
import tempfile
from pathlib import Path

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.mongods import server_in

_folder: Path | None = None
_server: EmbeddedMongo | None = None


def _start() -> None:
    """Start the server and point the settings at it."""
    global _folder, _server
    _folder = Path(tempfile.mkdtemp(prefix="segmentacion-test-"))
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
