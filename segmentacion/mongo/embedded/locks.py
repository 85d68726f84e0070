"""Who may start or stop the server, and who is using it: two lock files in its folder.

``start.lock`` is held exclusively while somebody checks, starts or stops the server.
``users.lock`` is held shared by each process that uses it. Both are ``flock`` locks, which
the kernel releases when the process dies, however it dies.

A ``flock`` belongs to the open file description, which a fork shares. So a forked child
opens its own description at once, and closes (never unlocks) what it inherited.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .errors import EmbeddedBusy

START_LOCK = "start.lock"
USERS_LOCK = "users.lock"
LOCK_TIMEOUT = 120.0
_POLL = 0.02


@dataclass(slots=True)
class _Share:
    """This process's hold on one ``users.lock``, and the objects on whose behalf it is held."""

    descriptor: int
    pid: int = field(default_factory=os.getpid)
    owners: set[object] = field(default_factory=set)


_starting: set[int] = set()
_shares: dict[Path, _Share] = {}


@contextmanager
def start_lock(folder: Path, *, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
    """Hold the exclusive right to check, start or stop the server of ``folder``.

    Excludes threads as well as processes. Not reentrant. Raises EmbeddedBusy after
    ``timeout`` seconds, OSError when the lock file cannot be opened.
    """
    descriptor = _open(folder / START_LOCK)
    _starting.add(descriptor)
    try:
        _lock_exclusively(descriptor, folder, timeout)
        yield
    finally:
        # Unlocked explicitly: a child forked meanwhile may still hold the description open.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        _starting.discard(descriptor)
        os.close(descriptor)


def join_users(folder: Path, owner: object) -> None:
    """Register this process as a user of the server, for ``owner``. Needs the start lock."""
    share = _shares.get(folder)
    if share is None or share.pid != os.getpid():
        inherited, share = share, _Share(_open_shared(folder))
        _shares[folder] = share
        if inherited is not None:
            os.close(inherited.descriptor)
    share.owners.add(owner)


def leave_users(folder: Path, owner: object) -> None:
    """Undo ``join_users``; the process stays a user while other owners remain in it."""
    share = _own_share(folder)
    if share is None:
        return
    share.owners.discard(owner)
    if not share.owners:
        drop_users(folder)


def drop_users(folder: Path) -> frozenset[object]:
    """End this process's registration altogether; returns the owners it was held for."""
    share = _own_share(folder)
    if share is None:
        return frozenset()
    del _shares[folder]
    # Only closed: unlocking would also take it from a child that has just been forked.
    os.close(share.descriptor)
    return frozenset(share.owners)


def is_user(folder: Path, owner: object) -> bool:
    """Whether this very process (not the one it was forked from) is registered for ``owner``."""
    share = _own_share(folder)
    return share is not None and owner in share.owners


def has_users(folder: Path) -> bool:
    """Whether any process is registered, this one included. Needs the start lock to be exact."""
    if not (folder / USERS_LOCK).exists():
        return False
    descriptor = _open(folder / USERS_LOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        # Unlocked explicitly, for the same reason as the start lock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
    return False


def user_pids(folder: Path) -> tuple[int, ...]:
    """Processes that hold ``users.lock`` open, as far as this account may see.

    Looks through the open files of our own processes: about 1 ms for each. Good for a status
    page or a message, not for a decision: that is what ``has_users`` is for.
    """
    lock = str(folder / USERS_LOCK)
    return tuple(sorted(p.pid for p in psutil.process_iter() if _holds(p, lock)))


def _holds(process: psutil.Process, path: str) -> bool:
    try:
        if process.uids().real != os.getuid():
            return False
        return any(opened.path == path for opened in process.open_files())
    except psutil.Error:
        return False  # gone meanwhile, or not ours to look at: not a user we can name


def _own_share(folder: Path) -> _Share | None:
    share = _shares.get(folder)
    return share if share is not None and share.pid == os.getpid() else None


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _open_shared(folder: Path) -> int:
    descriptor = _open(folder / USERS_LOCK)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _lock_exclusively(descriptor: int, folder: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise EmbeddedBusy(
                    "Otro proceso lleva demasiado tiempo iniciando o deteniendo el MongoDB "
                    "embebido. Espera un momento e intenta de nuevo.",
                    detail=f"{folder / START_LOCK} not obtained in {timeout:g} s",
                ) from error
        time.sleep(_POLL)


def _after_fork_in_child() -> None:
    for descriptor in _starting:
        os.close(descriptor)
    _starting.clear()
    for folder, inherited in list(_shares.items()):
        own = _Share(_open_shared(folder), owners=set(inherited.owners))
        _shares[folder] = own
        os.close(inherited.descriptor)


os.register_at_fork(after_in_child=_after_fork_in_child)
