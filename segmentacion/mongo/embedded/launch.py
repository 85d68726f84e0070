"""Getting a writable mongod for a folder: joining the one that runs, or starting one.

Everything here needs the start lock of the folder.
"""

from __future__ import annotations

import logging
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from .binary import find_binary
from .diagnosis import EXIT_NET_ERROR, explain_exit
from .errors import EmbeddedError
from .process import (
    LOG_FILE,
    Running,
    choose_port,
    find_mongod,
    rotate_log,
    running_child,
    spawn_mongod,
)
from .readiness import MongodExited, wait_until_writable
from .state import ServerState, read_state, write_state

logger = logging.getLogger(__name__)

START_TIMEOUT = 60.0
_PORT_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """Which mongod a folder gets; ``cache_gb`` is WiredTiger's cache in GB, at least 0.25."""

    folder: Path
    binary: str | None
    replica_set: bool
    cache_gb: float


class _PortTaken(Exception):
    """Somebody took the port between our choice and mongod's use of it."""


def start_or_join(options: LaunchOptions) -> Running:
    """The writable server of the folder, recorded in its state.

    Raises EmbeddedError (unavailable, start failed, or running in the other mode), OSError
    when the folder cannot be written.
    """
    running = find_mongod(options.folder, read_state(options.folder))
    if running is not None:
        try:
            return _join(running, options)
        except MongodExited:
            logger.warning("mongod %d died while being joined", running.process.pid)
    for _ in range(_PORT_ATTEMPTS):
        try:
            return _start(options)
        except _PortTaken:
            logger.warning("the port of the embedded server was taken meanwhile")
    raise EmbeddedError("No se encontró un puerto libre para el MongoDB embebido.")


def _join(running: Running, options: LaunchOptions) -> Running:
    if running.replica_set != options.replica_set:
        raise EmbeddedError(
            "El MongoDB embebido ya está corriendo en otro modo (con o sin réplica). "
            "Detenlo primero.",
            detail=f"running replica_set={running.replica_set}, wanted {options.replica_set}",
        )
    version = wait_until_writable(running, timeout=START_TIMEOUT)
    record_running(options.folder, running, version)
    return running


def _start(options: LaunchOptions) -> Running:
    folder = options.folder
    binary = find_binary(options.binary)
    rotate_log(folder)
    log = folder / LOG_FILE
    offset = log.stat().st_size if log.exists() else 0
    port = choose_port(read_state(folder).port)
    child = spawn_mongod(
        binary, folder, port, replica_set=options.replica_set, cache_gb=options.cache_gb
    )
    try:
        running = running_child(child, folder, port, replica_set=options.replica_set)
        record_running(folder, running, version=None)
        version = wait_until_writable(running, timeout=START_TIMEOUT)
    except (MongodExited, psutil.NoSuchProcess) as error:
        raise _explain(binary, child, log, offset) from error
    # A wrapper that runs mongod as its child is not the process to watch: look for the server.
    running = find_mongod(folder, read_state(folder)) or running
    record_running(folder, running, version)
    return running


def _explain(binary: Path, child: subprocess.Popen[bytes], log: Path, offset: int) -> Exception:
    code = child.wait()
    if code == EXIT_NET_ERROR:
        return _PortTaken()
    return explain_exit(binary, code, log, offset)


def record_running(folder: Path, running: Running, version: str | None) -> None:
    """Remember the live server (``version`` None while it is not known). Raises OSError."""
    state = replace(
        read_state(folder),
        port=running.port,
        pid=running.process.pid,
        created=running.process.create_time(),
        version=version,
    )
    write_state(folder, state)


def record_stopped(folder: Path) -> None:
    """Remember that no server is meant to run, of which only the port stays. Raises OSError."""
    write_state(folder, ServerState(port=read_state(folder).port))
