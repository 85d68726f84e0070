"""The reconciliation's report, the same for page, command and API."""

from typing import Any

from masks.rules.reconciling import CHECKS
from masks.services.reconciling import ReconcileReport


def reconcile_json(report: ReconcileReport) -> dict[str, Any]:
    """Return the report in the shape of `GET /api/masks/reconcile`."""
    return {
        "success": True,
        "at": report.at,
        "duration_ms": report.duration_ms,
        "total": sum(finding.count for finding in report.findings),
        "store_error": report.store_error,
        "findings": [
            {
                "key": finding.key,
                "title": CHECKS[finding.key].title,
                "count": finding.count,
                "complete": finding.done,
                "names": finding.names,
                "note": finding.note,
                "advice": CHECKS[finding.key].advice,
                "url": CHECKS[finding.key].url or None,
            }
            for finding in report.findings
        ],
    }
