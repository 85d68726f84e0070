"""What a returned workload would do: its rows against the batches as they are, by the rules."""

import json
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batches.rules.changes import Asker, Refusal, Situation, plan_change
from batches.rules.names import parse_batch_id
from batches.rules.states import Status
from exports.rules.workload.reading import (
    Asked,
    Filled,
    RefusedRow,
    WorkloadFormatError,
)


@dataclass(frozen=True)
class PlannedStatus:
    """A change to make: the batch, whose it is, old and new status, the version it was seen at."""

    row: int
    id: str
    assignee: str | None
    old: str
    new: str
    version: int


@dataclass(frozen=True)
class Accepted:
    """A change that somebody saw in a plan and wants: only at the version it was seen at."""

    id: str
    status: Status
    version: int


@dataclass
class WorkloadPlan:
    """What a file would do."""

    changes: list[PlannedStatus] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    unchanged: int = 0
    blank: int = 0


def plan_workload(
    filled: Filled,
    batches: Mapping[str, Mapping[str, Any]],
    *,
    asker: Asker,
    now: datetime,
    ambiguous: Collection[str] = (),
) -> WorkloadPlan:
    """Compare what a file asks with the batches as they are (by id), by the rules of changes.

    `ambiguous` are ids that several documents share.
    """
    plan = WorkloadPlan(refused=list(filled.refused), blank=filled.blank)
    for asked in filled.asked:
        reason = _why_not(asked, batches, ambiguous, windows=filled.windows)
        if reason is None:
            reason = _plan_row(plan, asked, batches[asked.batch], asker, now)
        if reason is not None:
            plan.refused.append(RefusedRow(asked.row, asked.batch, reason))
    plan.refused.sort(key=lambda refused: refused.row)
    return plan


def accepted(plan: WorkloadPlan) -> list[Accepted]:
    """Return all changes of a plan, as who confirms it wants them."""
    return [Accepted(change.id, Status(change.new), change.version) for change in plan.changes]


def accepted_text(plan: WorkloadPlan) -> str:
    """Return what a page hands back when its plan is confirmed."""
    changes = [[change.id, change.new, change.version] for change in plan.changes]
    return json.dumps(changes, separators=(",", ":"))


def parse_accepted(text: str) -> list[Accepted]:
    """Read it back. Raises WorkloadFormatError: it comes from a form, and may be anything."""
    try:
        return [Accepted(*_checked(entry)) for entry in json.loads(text)]
    except (ValueError, TypeError, RecursionError) as error:
        raise WorkloadFormatError("El plan no se entiende: sube el archivo otra vez.") from error


def _checked(entry: Any) -> tuple[str, Status, int]:
    batch, status, version = entry
    known = parse_batch_id(batch) if isinstance(batch, str) else None
    if known is None or not isinstance(version, int):
        raise ValueError(batch)
    return known, Status(status), version


def _why_not(
    asked: Asked,
    batches: Mapping[str, Mapping[str, Any]],
    ambiguous: Collection[str],
    *,
    windows: bool,
) -> str | None:
    if asked.batch in ambiguous:
        return "hay varios batches con este id: resuélvelo con adopt_database --duplicates"
    if asked.batch not in batches:
        return "no existe"
    holder = str(batches[asked.batch].get("assignee") or "")
    if _same_person(asked.responsible, holder, windows=windows):
        return None
    named = f"es de {asked.responsible[:80]}" if asked.responsible else "no tiene responsable"
    now = f"lo tiene {holder}" if holder else "está sin asignar"
    return f"en el archivo {named}; ahora {now}"


def _plan_row(
    plan: WorkloadPlan,
    asked: Asked,
    batch: Mapping[str, Any],
    asker: Asker,
    now: datetime,
) -> str | None:
    """Add a row to the plan; return why it cannot be, if it cannot."""
    situation, status = Situation.of(batch), str(asked.status)
    if situation.status == status:
        plan.unchanged += 1
        return None
    try:
        plan_change(situation, {"status": status}, asker=asker, crew=(), now=now)
    except Refusal as refusal:
        return str(refusal)
    version = int(batch.get("version") or 0)
    plan.changes.append(
        PlannedStatus(asked.row, asked.batch, situation.assignee, situation.status, status, version)
    )
    return None


def _same_person(given: str, holder: str, *, windows: bool) -> bool:
    """Tell whether a cell names this person, as far as its file could write the name."""
    spellings = {_spelled(holder)}
    if windows:
        spellings.add(_spelled(_as_windows(holder)))
    return _spelled(given) in spellings


def _spelled(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _as_windows(name: str) -> str:
    """Return a name as Excel saves it in Windows-1252: `?` for each UTF-16 unit it cannot write."""
    shown = unicodedata.normalize("NFC", name)
    doubled = "".join("??" if character > "\uffff" else character for character in shown)
    return doubled.encode("cp1252", "replace").decode("cp1252")
