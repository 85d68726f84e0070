"""The embedded MongoDB: one mongod per folder, shared by our processes, started on demand."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from . import locks
from .errors import EmbeddedFolderError, EmbeddedInUse
from .launch import LaunchOptions, record_stopped, start_or_join
from .process import DATA_FOLDER, Running, end_mongod, find_mongod
from .state import read_state, write_state
from .status import Status, read_status

STOP_TIMEOUT = 30.0


class EmbeddedMongo:
    """The mongod that keeps its data in ``folder/db``. Cheap to create: nothing runs yet.

    Safe to use from several threads and after a fork; several objects for one folder, in one
    process or many, share one server. ``binary`` is the mongod to run, found when None.
    ``cache_gb`` is WiredTiger's cache, in GB, at least 0.25.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binary: str | None = None,
        replica_set: bool = True,
        cache_gb: float = 0.25,
    ) -> None:
        # Resolved: one folder under two names would be two lock registrations of one file.
        self._folder = folder.expanduser().resolve()
        self._options = LaunchOptions(self._folder, binary, replica_set, cache_gb)
        self._ready: Running | None = None

    def ensure(self) -> str:
        """The URI of a writable server, started if need be; this process becomes its user.

        Costs microseconds once ensured. Starts the server again if it has died. ``release``
        or exit ends the use, and the last one out stops the server. Raises EmbeddedError.
        """
        running = self._ready
        if running and locks.is_user(self._folder, self) and running.is_alive():
            return running.uri
        with self._exclusively():
            return self._ensure_locked().uri

    def start(self, *, keep: bool = True) -> Status:
        """Start it, or join it, without becoming a user.

        With ``keep`` it survives its last user until ``stop``, also when an ``ensure`` had to
        start it again after a crash or a reboot. Raises EmbeddedError.
        """
        with self._exclusively():
            running = start_or_join(self._options)
            write_state(self._folder, replace(read_state(self._folder), keep=keep))
            self._ready = running
        return self.status()

    def stop(self, *, timeout: float = STOP_TIMEOUT, force: bool = False) -> bool:
        """Stop it cleanly, SIGKILL after ``timeout`` seconds; False when none was running.

        This process stops being a user, and ``keep`` ends. Raises EmbeddedInUse when other
        processes use it, unless ``force``; EmbeddedStopError when it cannot be ended.
        """
        if not self._folder.is_dir():
            return False
        with self._exclusively():
            owners = locks.drop_users(self._folder)
            if locks.has_users(self._folder) and not force:
                for owner in owners:
                    locks.join_users(self._folder, owner)
                raise EmbeddedInUse(self._other_pids())
            return self._stop_locked(timeout)

    def release(self) -> None:
        """This object no longer uses the server; the last user stops it unless it is kept.

        Does nothing where ``ensure`` was not called. Also runs at exit. Raises EmbeddedError.
        """
        atexit.unregister(self.release)
        if not locks.is_user(self._folder, self):
            return
        if not self._folder.is_dir():
            self._abandon()
            return
        with self._exclusively():
            locks.leave_users(self._folder, self)
            if not locks.has_users(self._folder) and not read_state(self._folder).keep:
                self._stop_locked(STOP_TIMEOUT)

    def status(self) -> Status:
        """How it is now, without starting or locking anything."""
        return read_status(self._folder)

    def is_running(self) -> bool:
        """Whether a mongod of this folder is alive; cheap enough to ask every second."""
        if self._ready is not None and self._ready.is_alive():
            return True
        return find_mongod(self._folder, read_state(self._folder)) is not None

    def was_stopped(self) -> bool:
        """Whether it is down because somebody stopped it, rather than because it died."""
        return not self.is_running() and read_state(self._folder).pid is None

    def _ensure_locked(self) -> Running:
        was_user = locks.is_user(self._folder, self)
        locks.join_users(self._folder, self)
        try:
            running = start_or_join(self._options)
        except BaseException:
            if not was_user:
                locks.leave_users(self._folder, self)
            raise
        atexit.unregister(self.release)
        atexit.register(self.release)
        self._ready = running
        return running

    def _stop_locked(self, timeout: float) -> bool:
        running = find_mongod(self._folder, read_state(self._folder))
        # Recorded first, or a guard would take the end for a crash.
        record_stopped(self._folder)
        self._ready = None
        if running is not None:
            end_mongod(running, timeout=timeout)
        return running is not None

    def _abandon(self) -> None:
        """End our use of a server whose folder was deleted under it: nothing is left to lock."""
        locks.leave_users(self._folder, self)
        running, self._ready = self._ready, None
        if running is not None:
            end_mongod(running, timeout=STOP_TIMEOUT)

    def _other_pids(self) -> tuple[int, ...]:
        return tuple(pid for pid in locks.user_pids(self._folder) if pid != os.getpid())

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Hold the start lock, with the folder in place; a failing folder says so in Spanish."""
        try:
            self._prepare_folder()
            with locks.start_lock(self._folder):
                yield
        except OSError as error:
            raise EmbeddedFolderError.from_os_error(self._folder, error) from error

    def _prepare_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        (self._folder / DATA_FOLDER).mkdir(mode=0o700, exist_ok=True)
