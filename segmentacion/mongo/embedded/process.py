"""The mongod process of a folder: its command line, finding it, starting it, ending it."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from .errors import EmbeddedStopError, EmbeddedUnavailable
from .state import ServerState

DATA_FOLDER = "db"
LOG_FILE = "mongod.log"
REPLICA_SET = "rs0"
LOG_LIMIT = 5 * 1024 * 1024
"""Bytes after which a start moves the log to ``mongod.log.1``, replacing the older one."""

_OPLOG_MB = 256
_KILL_WAIT = 10.0
_PORT_WAIT = 3.0
_CLOCK_TOLERANCE = 2.0
_POLL = 0.02
_PORTS = (20_000, 32_700)
"""Below the ports that Linux and macOS hand out to outgoing connections: a remembered port
should still be free tomorrow."""

_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Running:
    """A live mongod of ours, as its own command line describes it."""

    process: psutil.Process
    data: Path
    port: int
    replica_set: bool

    @property
    def uri(self) -> str:
        """Where any driver connects; writes are durable unless a client says otherwise.

        The set's name makes a driver wait for the primary after a restart.
        """
        way = f"replicaSet={REPLICA_SET}" if self.replica_set else "directConnection=true"
        return f"mongodb://127.0.0.1:{self.port}/?{way}&w=majority&journal=true"

    def is_alive(self) -> bool:
        """Whether the process still runs (same pid and creation time, not a zombie)."""
        return is_alive(self.process)


def is_alive(process: psutil.Process) -> bool:
    """Whether this very process runs: a zombie does not, nor another one with its pid."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def find_mongod(folder: Path, state: ServerState) -> Running | None:
    """The live mongod whose data is ``folder/db``: the recorded one, or any that is found.

    The recorded pid counts only with its creation time and our command line. The search
    finds a server whose starter was killed before it could record it.
    """
    reap_children()
    if state.pid is not None:
        recorded = _recognise(state.pid, folder)
        if recorded is not None and was_created_at(recorded.process, state.created):
            return recorded
    for pid in psutil.pids():
        found = _recognise(pid, folder)
        if found is not None:
            return found
    return None


def _recognise(pid: int, folder: Path) -> Running | None:
    data = folder / DATA_FOLDER
    try:
        process = psutil.Process(pid)
        argv = process.cmdline()
    except psutil.Error:
        return None
    ours = argv[1:4] == ["--dbpath", str(data), "--port"]
    port = "".join(argv[4:5])
    if not (ours and port.isdecimal()):
        return None
    running = Running(process, data, int(port), "--replSet" in argv)
    return running if running.is_alive() else None


def running_child(
    child: subprocess.Popen[bytes], folder: Path, port: int, *, replica_set: bool
) -> Running:
    """The server that a child just started is to become. Raises psutil.NoSuchProcess."""
    return Running(psutil.Process(child.pid), folder / DATA_FOLDER, port, replica_set)


def was_created_at(process: psutil.Process, expected: float | None) -> bool:
    """Whether that is its creation time, in seconds since the epoch; never when None.

    The system computes the time from its boot time, which a clock correction moves a little.
    """
    return expected is not None and abs(process.create_time() - expected) < _CLOCK_TOLERANCE


def spawn_mongod(
    binary: Path, folder: Path, port: int, *, replica_set: bool, cache_gb: float
) -> subprocess.Popen[bytes]:
    """Start mongod in a session of its own, writing all its words to the folder's log.

    Raises EmbeddedUnavailable when the system cannot run this file at all, OSError when the
    log cannot be opened.
    """
    argv = _mongod_argv(binary, folder, port, replica_set=replica_set, cache_gb=cache_gb)
    reap_children()
    with (folder / LOG_FILE).open("ab") as log:
        child = _run(argv, folder, log.fileno())
    _children.append(child)
    return child


def _run(argv: list[str], folder: Path, output: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the binary is the administrator's choice
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        raise EmbeddedUnavailable(
            f"El sistema no puede ejecutar «{argv[0]}» ({error.strerror}). "
            "Indica otro mongod en MONGOD_BINARY, o un servidor en MONGO_URI.",
            detail=repr(error),
        ) from error


def _mongod_argv(
    binary: Path, folder: Path, port: int, *, replica_set: bool, cache_gb: float
) -> list[str]:
    """The command line; the data folder and the port come first: that is how we know ours.

    zlib is left out because of CVE-2025-14847, open in 6.0.5. The signalled shutdown would
    otherwise wait 15 s for secondaries that a set of one node does not have.
    """
    argv = [str(binary), "--dbpath", str(folder / DATA_FOLDER), "--port", str(port)]
    if replica_set:
        argv += ["--replSet", REPLICA_SET, "--oplogSize", str(_OPLOG_MB)]
    argv += ["--bind_ip", "127.0.0.1", "--nounixsocket"]
    argv += ["--networkMessageCompressors", "snappy,zstd"]
    argv += ["--wiredTigerCacheSizeGB", f"{cache_gb:g}"]
    argv += ["--logpath", str(folder / LOG_FILE), "--logappend", "--quiet"]
    argv += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
    argv += ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"]
    return argv


def rotate_log(folder: Path) -> None:
    """Keep at most one older log, so that starts cannot make it grow for ever."""
    log = folder / LOG_FILE
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(folder / f"{LOG_FILE}.1")


def choose_port(preferred: int | None) -> int:
    """The remembered port unless somebody has taken it, else a free one on loopback.

    Gives a taken port some seconds: a mongod just killed frees it, and its data, only when
    the last of its threads has ended, which is after the process shows as a zombie.
    """
    if preferred is not None and _becomes_free(preferred):
        return preferred
    candidates = random.sample(range(*_PORTS), 100)
    return next((port for port in candidates if _is_free(port)), 0) or _any_free_port()


def _becomes_free(port: int) -> bool:
    deadline = time.monotonic() + _PORT_WAIT
    while not _is_free(port):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As mongod does: connections of the last run that linger do not take the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _any_free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_mongod(running: Running, *, timeout: float) -> None:
    """Stop it cleanly with SIGTERM; after ``timeout`` seconds with SIGKILL.

    psutil refuses to signal a pid that meanwhile belongs to another process. Raises
    EmbeddedStopError if it survives SIGKILL.
    """
    try:
        running.process.terminate()
        if not _wait_for_end(running, timeout):
            running.process.kill()
    except psutil.NoSuchProcess:
        return
    if not _wait_for_end(running, _KILL_WAIT):
        raise EmbeddedStopError(
            f"No se pudo detener el MongoDB embebido (proceso {running.process.pid}).",
            detail=f"alive after SIGKILL: {running.process!r}",
        )


def _wait_for_end(running: Running, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while running.is_alive() or running.process.pid in reap_children():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def reap_children() -> set[int]:
    """Collect those of our own mongod that ended; returns the pids of the others.

    A zombie stays among the others while some of its threads are still ending.
    """
    _children[:] = [child for child in _children if child.poll() is None]
    return {child.pid for child in _children}
