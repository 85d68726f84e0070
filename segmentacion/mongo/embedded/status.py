"""How the embedded server of a folder is doing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .locks import user_pids
from .process import find_mongod
from .state import read_state

_BLOCK = 512
"""Bytes in a unit of ``st_blocks``, on Linux and macOS alike."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the server of one folder.

    ``size_bytes`` is the disk space its folder takes. ``users`` counts the processes that
    use it, this one included, as far as this account can see them. ``port`` is also given
    for a stopped server when one is remembered; ``pid``, ``uri`` and ``version`` are None.
    """

    running: bool
    pid: int | None
    port: int | None
    uri: str | None
    version: str | None
    folder: Path
    size_bytes: int
    users: int
    keep: bool


def read_status(folder: Path) -> Status:
    """How it is now, without starting, creating or locking anything.

    Looks through the account's processes: some tens of milliseconds.
    """
    state = read_state(folder)
    running = find_mongod(folder, state)
    return Status(
        running=running is not None,
        pid=running.process.pid if running else None,
        port=running.port if running else state.port,
        uri=running.uri if running else None,
        version=state.version if running else None,
        folder=folder,
        size_bytes=_disk_space(folder),
        users=len(user_pids(folder)),
        keep=state.keep,
    )


def _disk_space(folder: Path) -> int:
    return sum(_allocated(path) for path in folder.rglob("*"))


def _allocated(path: Path) -> int:
    try:
        return path.lstat().st_blocks * _BLOCK
    except FileNotFoundError:
        return 0  # mongod removes files while we look
