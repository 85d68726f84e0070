"""What verifying an archive found, as a batch carries it and as people read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class VerdictKind(StrEnum):
    """From best to worst; `not_an_archive` is what `corrupt` is to something else entirely."""

    WHOLE = "whole"
    WARNING = "warning"
    INCOMPLETE = "incomplete"
    CORRUPT = "corrupt"
    NOT_AN_ARCHIVE = "not_an_archive"


VERDICT_LABELS: dict[str, str] = {
    VerdictKind.WHOLE: "completo",
    VerdictKind.WARNING: "con avisos",
    VerdictKind.INCOMPLETE: "incompleto",
    VerdictKind.CORRUPT: "corrupto",
    VerdictKind.NOT_AN_ARCHIVE: "no es un archivo de máscaras",
}
# What keeps a batch's ✅ from being plain.
DOUBTFUL = frozenset(VerdictKind) - {VerdictKind.WHOLE}
MAX_REASON = 300


@dataclass(frozen=True)
class Verdict:
    """The verdict that a batch carries; `reason` says what is wrong, "" when nothing is."""

    kind: VerdictKind
    reason: str = ""
    filename: str = ""
    checked_at: Any = None

    @property
    def is_doubtful(self) -> bool:
        return self.kind in DOUBTFUL

    @property
    def label(self) -> str:
        return VERDICT_LABELS[self.kind]


def read_verdict(stored: Any) -> Verdict | None:
    """Return the verdict stored on a batch; None when there is none that can be understood."""
    if not isinstance(stored, Mapping) or stored.get("kind") not in list(VerdictKind):
        return None
    reason, filename = (str(stored.get(name) or "") for name in ("reason", "filename"))
    kind = VerdictKind(stored["kind"])
    return Verdict(kind, reason[:MAX_REASON], filename, stored.get("checked_at"))
