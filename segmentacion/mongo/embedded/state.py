"""What is remembered about the server between processes: ``state.json`` in its folder."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

STATE_FILE = "state.json"

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class ServerState:
    """The last known server of a folder.

    ``pid`` is None after a clean stop, so a recorded pid without its process means a crash.
    ``created`` is the process's creation time, in seconds since the epoch: a pid alone may
    have been given to another program. ``port`` outlives the server: it is chosen once.
    """

    port: int | None = None
    pid: int | None = None
    created: float | None = None
    keep: bool = False
    version: str | None = None


def read_state(folder: Path) -> ServerState:
    """The recorded state; an empty one where there is none or it cannot be understood.

    Losing the state costs nothing but the remembered port: a running server is found by its
    command line. So an unreadable file is logged and replaced at the next write.
    """
    path = folder / STATE_FILE
    try:
        return _parse_state(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return ServerState()
    except ValueError as error:
        logger.warning("ignoring unreadable %s: %s", path, error)
        return ServerState()


def write_state(folder: Path, state: ServerState) -> None:
    """Replace ``state.json``: a reader, or a power cut, sees the old or the new, never a part.

    Call it with the start lock held. Raises OSError.
    """
    temporary = folder / f"{STATE_FILE}.tmp"
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(asdict(state), stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(folder / STATE_FILE)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse_state(raw: Any) -> ServerState:
    if not isinstance(raw, dict):
        raise ValueError("not a JSON object")
    return ServerState(
        port=_number(raw, "port", int),
        pid=_number(raw, "pid", int),
        created=_number(raw, "created", float),
        keep=raw.get("keep") is True,
        version=raw["version"] if isinstance(raw.get("version"), str) else None,
    )


def _number(raw: dict[str, Any], key: str, kind: type[_Number]) -> _Number | None:
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ValueError(f"{key} is not a positive number")
    return kind(value)
