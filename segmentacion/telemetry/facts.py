"""What is known of the request (or command) under way, for its log line and for the counts."""

import itertools
import os
import re
import secrets
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

# A caller's id is taken when it cannot be anything but an id.
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(slots=True)
class Facts:
    """One request: its id, since when (monotonic seconds), what the databases did for it."""

    request_id: str = ""
    started: float = field(default_factory=time.perf_counter)
    commands: int = 0
    command_micros: int = 0
    operation: str | None = None
    error: str | None = None
    reading: bool = False  # a request that changes nothing
    ahead: Any = None  # what was read together with its session (`segmentacion.mongo.ahead`)


_numbers = itertools.count(1)
_process = ""


def _name_process() -> None:
    """Begin the ids of this process with something of its own, also after a fork."""
    global _process
    _process = secrets.token_hex(5)


_name_process()
os.register_at_fork(after_in_child=_name_process)
_current: ContextVar[Facts | None] = ContextVar("facts", default=None)


def begin(given: str | None, *, reading: bool = False) -> Facts:
    """Begin a request under the id it came with, if that is a sane one, else under a new one."""
    sane = given if given and REQUEST_ID.fullmatch(given) else f"{_process}-{next(_numbers):04x}"
    facts = Facts(sane, reading=reading)
    _current.set(facts)
    return facts


def end() -> None:
    """Forget the request of this thread."""
    _current.set(None)


def current() -> Facts | None:
    """Return what is known of the request under way in this thread, or None."""
    return _current.get()


def request_id() -> str:
    """Return the id of the request under way; "" outside of one."""
    facts = _current.get()
    return facts.request_id if facts else ""


def note_operation(operation: str) -> None:
    """Say which operation is being done: log lines carry it from now on, commands' too."""
    facts = _current.get()
    if facts is None:
        facts = Facts()
        _current.set(facts)
    facts.operation = operation


def note_error(error: BaseException | None) -> None:
    """Say what kind of exception the request ended with. Its text may hold data and is not kept."""
    facts = _current.get()
    if facts is not None and error is not None:
        facts.error = type(error).__name__


def route_of(request: Any) -> str:
    """Return the pattern of the address that a request matched: no ids, no names of people."""
    match = getattr(request, "resolver_match", None)
    if match is not None:
        return "/" + str(match.route)
    return "static" if request.path.startswith("/static/") else "unmatched"
