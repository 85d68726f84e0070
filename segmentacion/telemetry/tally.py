"""What this process counted since it last handed its counts on. Bounded, whatever happens."""

import os
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Upper bounds in seconds of the classes of a latency histogram; what is above is in one more.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MOST_ROUTES = 1_000
MOST_SAMPLES = 50
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class RequestCounts:
    """Requests of one route, method and status: how many, how long, what the databases did."""

    count: int = 0
    seconds: float = 0.0
    commands: int = 0
    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


@dataclass(slots=True)
class CommandCounts:
    """Commands of one name to MongoDB: how many, how long, how many of them failed."""

    count: int = 0
    micros: int = 0
    failed: int = 0


Route = tuple[str, str, int]  # route, method, status
Sample = Mapping[str, Any]


@dataclass(slots=True)
class Counts:
    """All that was counted, and the newest of the slow and of the failed requests."""

    requests: dict[Route, RequestCounts] = field(default_factory=dict)
    commands: dict[str, CommandCounts] = field(default_factory=dict)
    slow: deque[Sample] = field(default_factory=lambda: deque(maxlen=MOST_SAMPLES))
    failed: deque[Sample] = field(default_factory=lambda: deque(maxlen=MOST_SAMPLES))
    slow_count: int = 0
    failed_count: int = 0

    def __bool__(self) -> bool:
        return bool(self.requests or self.commands)


class Tally:
    """The counts of a process, added to by its threads and taken by one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counts()
        self._quiet = threading.local()

    def forget(self) -> None:
        """Begin anew, in a process that was just forked."""
        self._lock = threading.Lock()
        self._counts = Counts()
        self._quiet = threading.local()

    def not_counting(self) -> None:
        """From now on, leave what this thread asks of the databases out of the counts."""
        self._quiet.on = True

    def add_request(self, route: Route, seconds: float, commands: int) -> None:
        """Count a request that has ended."""
        with self._lock:
            found = self._counts.requests.get(route)
            if found is None:
                if len(self._counts.requests) >= MOST_ROUTES:
                    route = ("other", route[1], route[2])
                found = self._counts.requests.setdefault(route, RequestCounts())
            found.count += 1
            found.seconds += seconds
            found.commands += commands
            found.classes[bisect_left(BOUNDS, seconds)] += 1

    def add_command(self, name: str, micros: int, *, failed: bool) -> None:
        """Count a command that a database answered."""
        if getattr(self._quiet, "on", False):
            return
        with self._lock:
            found = self._counts.commands.get(name)
            if found is None:
                found = self._counts.commands.setdefault(name, CommandCounts())
            found.count += 1
            found.micros += micros
            found.failed += failed

    def add_slow(self, sample: Sample) -> None:
        """Keep a request that took long; the newest ones are kept, all are counted."""
        with self._lock:
            self._counts.slow.append(sample)
            self._counts.slow_count += 1

    def add_failed(self, sample: Sample) -> None:
        """Keep a request that ended with an error of ours."""
        with self._lock:
            self._counts.failed.append(sample)
            self._counts.failed_count += 1

    def take(self) -> Counts:
        """Return what was counted since the last time, and begin anew."""
        with self._lock:
            taken, self._counts = self._counts, Counts()
            return taken

    def give_back(self, taken: Counts) -> None:
        """Add counts that could not be handed on to what was counted meanwhile."""
        with self._lock:
            for route, requests in self._counts.requests.items():
                _add_requests(taken.requests.setdefault(route, RequestCounts()), requests)
            for name, commands in self._counts.commands.items():
                _add_commands(taken.commands.setdefault(name, CommandCounts()), commands)
            taken.slow.extend(self._counts.slow)
            taken.failed.extend(self._counts.failed)
            taken.slow_count += self._counts.slow_count
            taken.failed_count += self._counts.failed_count
            self._counts = taken


def _add_requests(total: RequestCounts, more: RequestCounts) -> None:
    total.count += more.count
    total.seconds += more.seconds
    total.commands += more.commands
    total.classes = [one + other for one, other in zip(total.classes, more.classes, strict=True)]


def _add_commands(total: CommandCounts, more: CommandCounts) -> None:
    total.count += more.count
    total.micros += more.micros
    total.failed += more.failed


TALLY = Tally()
os.register_at_fork(after_in_child=TALLY.forget)
