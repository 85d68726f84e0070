"""A light process that keeps the embedded server up while its parent lives.

``python -m segmentacion.mongo.embedded.guard FOLDER --parent PID [--binary PATH] [--standalone]``

It registers as a user of the server, restarts it when it died (not when somebody stopped it),
and releases it when the parent is gone or on SIGTERM. SIGINT is ignored: Ctrl-C in a terminal
is meant for the parent. Each event is one line of JSON on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psutil

from .errors import EmbeddedError
from .process import is_alive, was_created_at
from .server import EmbeddedMongo

CHECK_EVERY = 1.0
LONGEST_BACKOFF = 60.0


class Guard:
    """The state of one guard: what it watches, and when it may try a restart again."""

    def __init__(self, mongo: EmbeddedMongo, folder: Path) -> None:
        self._mongo = mongo
        self._folder = folder
        self._failures = 0
        self._retry_at = 0.0
        self._told_stopped = False

    def begin(self) -> None:
        """Register as a user, starting the server if it is down."""
        self._ensure("guarding")

    def check(self) -> None:
        """One look: restart a server that died, leave one that was stopped on purpose."""
        if self._mongo.is_running():
            self._told_stopped = False
        elif self._failures == 0 and self._mongo.was_stopped():
            self._tell_stopped()
        elif time.monotonic() >= self._retry_at:
            self._ensure("restarted")

    def end(self) -> None:
        """Release the server; as the last user this stops it."""
        try:
            self._mongo.release()
        except EmbeddedError as error:
            self.report("release_failed", error=str(error), detail=error.detail)

    def report(self, event: str, **facts: str | int | float | None) -> None:
        """Write one line of JSON to stderr."""
        line = {
            "time": datetime.now(UTC).isoformat(),
            "event": event,
            "folder": str(self._folder),
            **facts,
        }
        try:
            sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stderr.flush()
        except OSError:
            # The parent died and nobody reads any more; what is left to do matters more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())

    def _ensure(self, event: str) -> None:
        try:
            uri = self._mongo.ensure()
        except EmbeddedError as error:
            self._back_off(error)
            return
        self._failures = 0
        self.report(event, uri=uri)

    def _back_off(self, error: EmbeddedError) -> None:
        self._failures += 1
        wait = min(LONGEST_BACKOFF, CHECK_EVERY * 2 ** min(self._failures, 10))
        self._retry_at = time.monotonic() + wait
        self.report("start_failed", error=str(error), detail=error.detail, retry_in=wait)

    def _tell_stopped(self) -> None:
        if not self._told_stopped:
            self._told_stopped = True
            self.report("stopped_on_purpose")


class Termination:
    """SIGTERM as something to wait for: the handler only sets a flag, a pipe ends the wait."""

    def __init__(self) -> None:
        self.requested = False
        self._reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._request)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait(self, seconds: float) -> None:
        """Sleep for that long, less when a signal arrives."""
        if not self.requested and select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 4096)

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True


def main(arguments: Sequence[str] | None = None) -> int:
    """Guard until the parent is gone or SIGTERM; always 0, what went wrong is in the events."""
    options = _parse(arguments)
    termination = Termination()
    mongo = EmbeddedMongo(options.folder, binary=options.binary, replica_set=not options.standalone)
    guard = Guard(mongo, options.folder)
    parent = _find_parent(options.parent, options.parent_created)
    if parent is not None:
        guard.begin()
    while parent is not None and is_alive(parent) and not termination.requested:
        guard.check()
        termination.wait(CHECK_EVERY)
    guard.report("terminated" if termination.requested else "parent_gone")
    guard.end()
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segmentacion.mongo.embedded.guard")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parent", type=int, required=True, metavar="PID")
    parser.add_argument("--parent-created", type=float, help="creation time of the parent")
    parser.add_argument("--binary")
    parser.add_argument("--standalone", action="store_true")
    return parser.parse_args(arguments)


def _find_parent(pid: int, created: float | None) -> psutil.Process | None:
    """The parent, unless it died before we looked (then its pid may be someone else's)."""
    try:
        parent = psutil.Process(pid)
        same = created is None or was_created_at(parent, created)
    except psutil.NoSuchProcess:
        return None
    return parent if same else None


if __name__ == "__main__":
    sys.exit(main())
