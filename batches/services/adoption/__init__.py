"""Adopting the database of an older program: normalise what is understood, report the rest.

    crew → references of djongo → duplicates → batches → indexes

Each step can be run again and finds nothing left to do. A document is written only if it is
still as it was read, and removed only once its copy in the trash has been read back. Crew first,
because what is a valid assignee follows from it.
"""

from batches.services.adoption.engine import (
    AdoptionBusyError,
    AdoptionError,
    AdoptionInterruptedError,
    adopt_database,
    finish,
)
from batches.services.adoption.report import (
    AdoptionReport,
    DuplicateGroup,
    Leftover,
    Progress,
    Stage,
)

__all__ = [
    "AdoptionBusyError",
    "AdoptionError",
    "AdoptionInterruptedError",
    "AdoptionReport",
    "DuplicateGroup",
    "Leftover",
    "Progress",
    "Stage",
    "adopt_database",
    "finish",
]
