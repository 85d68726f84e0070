"""Restoring a backup: plan, safety backup, staging collections, check, swap; all or nothing."""

from exports.services.restoring.engine import (
    NoChangeError,
    RestoreReport,
    complete_pending,
    restore,
)
from exports.services.restoring.planning import make_plan

__all__ = ["NoChangeError", "RestoreReport", "complete_pending", "make_plan", "restore"]
