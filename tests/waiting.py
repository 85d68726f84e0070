"""Waiting for what another process does: asked again and again, never longer than a deadline."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
from pymongo.errors import PyMongoError

Found = TypeVar("Found")

PATIENCE = 90.0
"""Seconds: what a busy machine may need at worst. Nobody waits longer than the thing takes."""


def until(
    condition: Callable[[], Found], what: str, *, pause: float = 0.05, log: Path | None = None
) -> Found:
    """Return what the condition gives once it holds.

    A server, a file or a process that is away for now is no answer yet. What never comes true
    is an AssertionError that says what was waited for, and shows the log.
    """
    deadline = time.monotonic() + PATIENCE
    trouble: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (OSError, PyMongoError, psutil.NoSuchProcess) as error:
            trouble = error
        time.sleep(pause)
    raise AssertionError(f"never happened: {what}\n{log.read_text() if log else ''}") from trouble
