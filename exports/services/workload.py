"""Taking a workload back whose status was filled in: planned, then changed as one operation."""

from collections.abc import Sequence
from datetime import UTC, datetime

from batches.rules.changes import Asker
from batches.services import operations
from batches.services.bulk import CHANGED_MEANWHILE, BulkReport, Refusals, change_parts
from exports.queries.filled import batches_named
from exports.rules.workload import Accepted, WorkloadPlan, parse_filled, plan_workload
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document


def plan_filled(data: bytes, *, asker: Asker) -> WorkloadPlan:
    """Return what a file would do. Raises WorkloadFormatError."""
    filled = parse_filled(data)
    batches, shared = batches_named([asked.batch for asked in filled.asked])
    now = datetime.now(UTC)
    return plan_workload(filled, batches, asker=asker, now=now, ambiguous=shared)


def apply_filled(
    accepted: Sequence[Accepted], *, asker: Asker, actor: Actor, operation: str, summary: str = ""
) -> BulkReport:
    """Change what was accepted, as one operation; batches changed since are refused and named.

    Repeating an `operation` changes nothing and returns the same report. Raises
    OperationTakenError. Side effects: those of a change (history, operation, data version).
    """
    parts: list[tuple[list[Document], dict[str, str]]] = []
    late: Refusals = []
    if operations.head(operation) is None:
        parts, late = _parts(accepted)
    return change_parts(
        parts, asker=asker, actor=actor, operation=operation, summary=summary, refused=late
    )


def _parts(
    accepted: Sequence[Accepted],
) -> tuple[list[tuple[list[Document], dict[str, str]]], Refusals]:
    """Group the batches by the status they get, and name those that are not as they were seen."""
    batches, shared = batches_named([change.id for change in accepted])
    groups: dict[str, list[Document]] = {}
    late: Refusals = []
    for change in {change.id: change for change in accepted}.values():
        batch = batches.get(change.id)
        seen = batch is not None and int(batch.get("version") or 0) == change.version
        if batch is None or not seen or change.id in shared:
            late.append((change.id, CHANGED_MEANWHILE))
        else:
            groups.setdefault(str(change.status), []).append(batch)
    return [(documents, {"status": status}) for status, documents in groups.items()], late
