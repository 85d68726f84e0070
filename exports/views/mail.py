"""`/data-management/correo`: what would be mailed to whom, sending it, and how that went."""

import time
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crew.access import actor_of, requires
from crew.rules import Capability
from exports.rules.mailing import OPEN_STATES, MailKind, MailState
from exports.services.mailing import (
    MailBusyError,
    MailError,
    MailPlan,
    MailReport,
    MailServerError,
    Message,
    plan_summary,
    plan_workloads,
    send,
)
from segmentacion.http.throttling import limited

# How long one request sends; the page then asks for the rest, and shows how far it is.
SECONDS = 2.0
PLANNERS = {MailKind.WORKLOAD: plan_workloads, MailKind.SUMMARY: plan_summary}
Context = dict[str, Any]


@require_GET
@requires(Capability.MANAGE_CREW)
def mail(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "data/mail_page.html", {"groups": [_group(kind) for kind in MailKind]})


@require_POST
@requires(Capability.MANAGE_CREW)
@limited("mail")
def send_mail(request: HttpRequest) -> HttpResponse:
    """Send what was chosen, as far as the time of one request goes; the rest is asked for next."""
    try:
        kind = MailKind(request.POST.get("kind", ""))
    except ValueError as error:
        raise BadRequest("kind") from error
    sent = _send(request, kind)
    group = _group(kind) | sent
    if request.headers.get("HX-Request"):
        return render(request, "data/mail_group.html", {"group": group})
    groups = [group if other is kind else _group(other) for other in MailKind]
    return render(request, "data/mail_page.html", {"groups": groups})


def _send(request: HttpRequest, kind: MailKind) -> Context:
    """Send for some seconds; return how that went and what is left."""
    report, limit = MailReport(), time.monotonic() + SECONDS
    left: list[Message] = []
    again = set(request.POST.getlist("again"))
    try:
        messages = _chosen(request, PLANNERS[kind](), again)
        steps = send(messages, actor=actor_of(request), report=report, again=again)
        for _progress in steps:
            if time.monotonic() > limit and report.results:
                steps.close()
        done = {result.key for result in report.results}
        left = [message for message in messages if message.key not in done]
    except (MailServerError, MailBusyError) as error:
        return {"problem": str(error), "report": report}
    except MailError:
        return {}  # the group itself says so
    if not messages:
        return {"problem": _("No elegiste a nadie: no se envió nada.")}
    total = max(_number(request, "of"), len(messages))
    return {"report": report, "left": left, "again": again, "total": total,
            "done": total - len(left)}  # fmt: skip


def _chosen(request: HttpRequest, plan: MailPlan, again: set[str]) -> list[Message]:
    if request.POST.get("only") == "failed":
        return [message for message in plan.messages if message.state is MailState.FAILED]
    return plan.chosen(again.union(request.POST.getlist("message")))


def _group(kind: MailKind) -> Context:
    """Return what the page shows of one kind of mail."""
    try:
        plan = PLANNERS[kind]()
    except MailError as error:
        return {"kind": kind, "problem": str(error)}
    states = [message.state for message in plan.messages]
    return {
        "kind": kind,
        "plan": plan,
        "rows": [(message, message.state in OPEN_STATES) for message in plan.messages],
        "sent": states.count(MailState.SENT),
        "failed": states.count(MailState.FAILED),
    }


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
