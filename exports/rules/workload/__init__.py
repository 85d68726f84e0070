"""A workload whose status was filled in: read from its file, then planned."""

from exports.rules.workload.planning import (
    Accepted,
    PlannedStatus,
    WorkloadPlan,
    accepted,
    accepted_text,
    parse_accepted,
    plan_workload,
)
from exports.rules.workload.reading import (
    MAX_BYTES,
    Filled,
    RefusedRow,
    WorkloadFormatError,
    parse_filled,
    status_of,
)

__all__ = [
    "MAX_BYTES",
    "Accepted",
    "Filled",
    "PlannedStatus",
    "RefusedRow",
    "WorkloadFormatError",
    "WorkloadPlan",
    "accepted",
    "accepted_text",
    "parse_accepted",
    "parse_filled",
    "plan_workload",
    "status_of",
]
