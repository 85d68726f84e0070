"""A light process that keeps the site's other programs going while the server lives.

``python -m segmentacion.supervisor --parent PID``

Some programs always run (the one that follows the mask store) and are started again when they
end, with growing pauses; others are started now and then. All of them may run on several hosts
at once: they take a lease in MongoDB. It ends on SIGTERM or when its parent is gone, and its
programs with it. It imports no app and opens no database.
"""

import argparse
import logging
import logging.config
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from segmentacion.telemetry import logs

logger = logging.getLogger("segmentacion.supervisor")

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
CHECK_EVERY = 0.5
LONGEST_PAUSE = 60.0
# A program that ran for this long was well: the next pause is short again.
HEALTHY_AFTER = 60.0
STOP_SECONDS = 20.0


@dataclass
class Program:
    """A command of ours; `every` seconds, or always when it is None."""

    name: str
    command: Sequence[str]
    every: float | None = None
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    next_at: float = field(default_factory=time.monotonic)
    failures: int = 0

    def check(self, now: float) -> None:
        """Start it when it is due, and notice that it ended."""
        if self.process is not None and self.process.poll() is not None:
            self._ended(now, self.process.returncode)
        if self.process is None and now >= self.next_at:
            self._start(now)

    def stop(self) -> None:
        """Ask it to end, and insist when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _start(self, now: float) -> None:
        self.started_at = now
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and commands
            [sys.executable, str(MANAGE), *self.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SUPERVISOR_PID": str(os.getpid())},
        )

    def _ended(self, now: float, code: int) -> None:
        self.process = None
        well = code == 0 or now - self.started_at > HEALTHY_AFTER
        self.failures = 0 if well else self.failures + 1
        pause = min(LONGEST_PAUSE, 2.0 ** min(self.failures, 6))
        if self.every is not None and code == 0:
            pause = self.every
        self.next_at = now + pause
        if self.every is None or code != 0:
            logger.warning("%s ended with %s; again in %.0f s", self.name, code, pause)


MAIL_EVERY = 900.0
# Whether a backup is due is asked this often; the first time once the start is over.
BACKUP_EVERY, BACKUP_FIRST = 3_600.0, 60.0
PROGRAMS = [Program("watcher", ["sync_masks", "--watch"])]


def main(arguments: Sequence[str] | None = None) -> int:
    """Supervise until the parent is gone or SIGTERM; always 0."""
    parser = argparse.ArgumentParser(prog="segmentacion.supervisor")
    parser.add_argument("--parent", type=int, required=True, metavar="PID")
    parser.add_argument("--mail", action="store_true", help="mail the team when its time comes")
    parser.add_argument("--backup", action="store_true", help="make the daily backup")
    parser.add_argument("--intake", action="store_true", help="work through the images that arrive")
    options = parser.parse_args(arguments)
    parent = _process(options.parent)
    if options.mail:
        PROGRAMS.append(Program("mail", ["send_weekly", "--if-due"], every=MAIL_EVERY))
    if options.backup:
        PROGRAMS.append(_daily_backup())
    if options.intake:
        PROGRAMS.append(Program("intake", ["intake", "watch"]))
    logging.config.dictConfig(logs.configuration(os.environ.get("LOG_FORMAT", "")))
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is meant for the parent
    while parent is not None and parent.is_running() and not asked.wait(CHECK_EVERY):
        for program in PROGRAMS:
            program.check(time.monotonic())
    for program in PROGRAMS:
        program.stop()
    return 0


def spawn(
    *, mail: bool = False, backup: bool = False, intake: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a supervisor for this process. It ends by itself after us, or on SIGTERM."""
    command = [sys.executable, "-m", "segmentacion.supervisor", "--parent", str(os.getpid())]
    wanted = {"--mail": mail, "--backup": backup, "--intake": intake}
    flags = [name for name, chosen in wanted.items() if chosen]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*command, *flags],
        stdin=subprocess.DEVNULL,
        cwd=MANAGE.parent,
        start_new_session=True,
    )


def _daily_backup() -> Program:
    command = ["backup", "--scheduled", "--if-due"]
    first = time.monotonic() + BACKUP_FIRST
    return Program("backup", command, every=BACKUP_EVERY, next_at=first)


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


if __name__ == "__main__":
    sys.exit(main())
