"""Restoring a backup: plan, safety backup, staging collections, check, swap; all or nothing."""

from exports.services.restoring.engine import (
    NoChangeError,
    RestoreReport,
    complete_pending,
    plan_restore,
    restore,
)

__all__ = ["NoChangeError", "RestoreReport", "complete_pending", "plan_restore", "restore"]
