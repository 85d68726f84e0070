"""Counting the commands that both MongoDB clients send, per request and per process."""

from pymongo import monitoring
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from segmentacion.telemetry.facts import current
from segmentacion.telemetry.tally import TALLY


class CommandCounter(CommandListener):
    """Counts and times commands. It never looks at what they carry."""

    def started(self, event: CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: CommandSucceededEvent) -> None:
        _count(event.command_name, event.duration_micros, failed=False)

    def failed(self, event: CommandFailedEvent) -> None:
        _count(event.command_name, event.duration_micros, failed=True)


def _count(name: str, micros: int, *, failed: bool) -> None:
    facts = current()
    if facts is not None:
        facts.commands += 1
        facts.command_micros += micros
    TALLY.add_command(name, micros, failed=failed)


def register() -> None:
    """Have every client that is opened from now on count its commands."""
    monitoring.register(CommandCounter())
