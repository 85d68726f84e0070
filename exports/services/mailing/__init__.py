"""Mail with the work: each person's list, and the summary for the leads."""

from exports.services.mailing.planning import (
    MailError,
    MailPlan,
    Message,
    plan_summary,
    plan_workloads,
)
from exports.services.mailing.postman import MailServerError
from exports.services.mailing.sending import MailBusyError, MailReport, Outcome, send

__all__ = [
    "MailBusyError",
    "MailError",
    "MailPlan",
    "MailReport",
    "MailServerError",
    "Message",
    "Outcome",
    "plan_summary",
    "plan_workloads",
    "send",
]
