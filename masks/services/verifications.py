"""What a run of verifications is asked for, and what it tells."""

from dataclasses import dataclass, field
from typing import Any

from masks.rules.verdicts import Limits, VerdictKind
from segmentacion.actors import new_operation


class StoreStoppedError(Exception):
    """The mask store went away: what was verified until then stands, the rest waits."""


@dataclass(frozen=True)
class Options:
    """`again`: also what has a verdict. `seconds`: start no other archive after so many."""

    again: bool = False
    compare_total: bool = False
    fill_completed: bool = False
    workers: int = 2
    limits: Limits = field(default_factory=Limits)
    seconds: float | None = None


@dataclass(frozen=True)
class Checked:
    """What became of one file. `kind` is None when it vanished while it was read.

    `cached`: the verdict was there already.
    """

    file_id: Any
    filename: str
    batches: tuple[str, ...]
    kind: str | None
    reason: str
    masks: int = 0
    cached: bool = False
    duration_ms: int = 0


@dataclass
class VerifyReport:
    """What a run found. `not_filled` are (batch, reason)."""

    operation: str = field(default_factory=new_operation)
    verified: int = 0
    cached: int = 0
    kinds: dict[str, int] = field(default_factory=lambda: {str(kind): 0 for kind in VerdictKind})
    doubtful: list[Checked] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    batches_updated: int = 0
    filled: list[str] = field(default_factory=list)
    not_filled: list[tuple[str, str]] = field(default_factory=list)
    peak_bytes: int = 0
    duration_ms: int = 0
