"""Who takes part: other processes that use the server, and strangers on its port."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient

from tests.waiting import until

PROJECT = Path(__file__).resolve().parents[2]

_USER = """
import sys
from pathlib import Path
from segmentacion.mongo.embedded import EmbeddedMongo
print(EmbeddedMongo(Path(sys.argv[1])).ensure(), flush=True)
sys.stdin.readline()
"""

_PARENT = """
import sys
from pathlib import Path
from segmentacion.mongo.embedded import spawn_guard
print(spawn_guard(Path(sys.argv[1])).pid, flush=True)
sys.stdin.readline()
"""


class Actor:
    """A Python process that says one line once it is ready, and lives until told otherwise."""

    def __init__(self, script: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
            text=True,
        )

    @classmethod
    def user(cls, folder: Path) -> Actor:
        """One that ensures the server; it says the URI."""
        return cls(_USER, folder)

    @classmethod
    def guarded_parent(cls, folder: Path) -> Actor:
        """One that spawns a guard; it says the guard's pid."""
        return cls(_PARENT, folder)

    def line(self) -> str:
        """Wait for its line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        """Let it end by itself, and wait for that."""
        self.process.communicate("\n", timeout=30)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.communicate(timeout=30)


class Stranger:
    """A program that listens on a port and hangs up on whoever calls."""

    def __init__(self, port: int) -> None:
        # The threads of a killed mongod may still be ending.
        self._listener = until(
            lambda: socket.create_server(("127.0.0.1", port)), "the port is free"
        )
        threading.Thread(target=self._hang_up, daemon=True).start()

    def _hang_up(self) -> None:
        while True:
            try:
                self._listener.accept()[0].close()
            except OSError:
                return

    def close(self) -> None:
        """Free the port."""
        self._listener.close()


def connect(uri: str) -> MongoClient[dict[str, Any]]:
    """A client, to be closed by ``with``."""
    return MongoClient(uri)


def kill_now(pid: int | None) -> None:
    """SIGKILL to one process, and wait until it runs no more."""
    assert pid is not None
    process = psutil.Process(pid)
    process.kill()
    until(lambda: is_gone(pid), f"{pid} is gone")


def is_gone(pid: int) -> bool:
    """Whether no process with this pid runs (a zombie does not run)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
