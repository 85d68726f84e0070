"""What the crew needs of whoever keeps the work that people hold.

Imports go from batches to crew, never back. Renaming or removing a person must touch the
person's batches, so crew says here what it needs, and batches registers what does it.
"""

from dataclasses import dataclass
from typing import Protocol

from segmentacion.actors import Actor


@dataclass(frozen=True)
class Load:
    """How many batches a person holds, by status."""

    total: int = 0
    ns: int = 0
    in_progress: int = 0
    s: int = 0


class Work(Protocol):
    """The batches, seen from the crew."""

    def loads(self) -> dict[str, Load]:
        """Return the load of each assignee that holds anything."""

    def held_by(self, name: str) -> int:
        """Return how many batches this person holds now (never a cached number)."""

    def check_unassignable(self, name: str) -> None:
        """Raise CrewError when some batch of this person cannot be left without assignee."""

    def record(self, summary: str, *, actor: Actor, operation: str) -> None:
        """Record an act on a person that changes no batch, for the history of everybody."""

    def rename(self, old: str, new: str, *, actor: Actor, operation: str) -> int:
        """Write the new name on all batches of the old one, with history; return how many."""

    def transfer(self, name: str, to: str | None, *, actor: Actor, operation: str) -> int:
        """Give all batches of a person to another, or to nobody; return how many."""

    def moved_by(self, operation: str) -> int:
        """Return how many batches an operation of the crew changed."""


_work: list[Work] = []


def register_work(work: Work) -> None:
    """Say who keeps the work; called once, when the application starts."""
    _work[:] = [work]


def work() -> Work:
    """Return who keeps the work."""
    return _work[0]
