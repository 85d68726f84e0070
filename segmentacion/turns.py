"""Threads that want the same made take turns: what the first makes is there for the others."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Locks by name, few of them: two names may share one. What is made may ask for other names."""

    def __init__(self, locks: int = 64) -> None:
        self.locks = tuple(threading.RLock() for _ in range(locks))

    @contextmanager
    def of(self, name: str, *, seconds: float) -> Iterator[None]:
        """Wait for the turn, but no longer than this: nobody waits for ever."""
        turn = self.locks[hash(name) % len(self.locks)]
        mine = turn.acquire(timeout=seconds)
        try:
            yield
        finally:
            if mine:
                turn.release()
