"""`/data-management/trabajos/<id>`: how far a job is, what came of it, and what can follow."""

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from batches.queries.operations import undone_by
from crew.access import actor_of, requires
from crew.rules import Capability
from exports.presenting.data import as_counts, as_job, as_parts, as_plan, as_rows
from exports.rules.jobs import JobKind, JobState
from exports.services import jobs
from exports.services.jobs import records
from exports.services.restoring.planning import data_versions
from exports.services.restoring.settling import settle
from exports.views.data import RESTORE_WORD
from segmentacion.mongo.clients import Document


@require_GET
@requires(Capability.BACKUP)
@vary_on_headers("HX-Request")
def job(request: HttpRequest, key: str) -> HttpResponse:
    """The page; htmx asks for its changing part alone until the job ends."""
    found = _find(key)
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    if found["kind"] == JobKind.READ and found["state"] == JobState.DONE:
        return _to_plan(jobs.result_of(found)["pending"], fragment=bool(fragment))
    context = {"job": as_job(found), "word": RESTORE_WORD}
    context |= _result(request, found) or _settled(found)
    return render(request, "data/job_state.html" if fragment else "data/job.html", context)


def _to_plan(pending: str, *, fragment: bool) -> HttpResponse:
    """Lead to the plan of what was read: htmx is told where, since it asked for a part only."""
    if not fragment:
        return redirect("data_import", pending)
    return HttpResponse(headers={"HX-Redirect": reverse("data_import", args=[pending])})


@require_POST
@requires(Capability.BACKUP)
def restore(request: HttpRequest, key: str) -> HttpResponse:
    """Restore what a plan showed. The word is asked for; data that changed since makes a new
    plan instead."""
    plan = _find(key)
    if plan["kind"] != JobKind.PLAN or plan["state"] != JobState.DONE:
        raise Http404
    if request.POST.get("word", "").strip() != RESTORE_WORD:
        messages.error(request, f"Escribe {RESTORE_WORD} para restaurar. No se cambió nada.")
        return redirect("data_job", key)
    same = tuple(jobs.result_of(plan)["versions"]) == data_versions()
    if not same:
        messages.warning(request, "Los datos cambiaron desde ese plan: este es el de ahora.")
    kind = JobKind.RESTORE if same else JobKind.PLAN
    return redirect("data_job", _follow(request, plan, kind))


@require_POST
@requires(Capability.BACKUP)
def go_back(request: HttpRequest, key: str) -> HttpResponse:
    """Plan to restore the safety backup of a restore that was done."""
    done = _find(key)
    if done["kind"] != JobKind.RESTORE or done["state"] != JobState.DONE:
        raise Http404
    path = Path(jobs.result_of(done)["safety"])
    if not path.is_file():
        messages.error(request, f"{path.name} ya no está en este servidor.")
        return redirect("data_job", key)
    options: dict[str, Any] = {"path": str(path), "selection": {}}
    new = jobs.start(JobKind.PLAN, actor=actor_of(request), label=path.name, **options)
    return redirect("data_job", new)


def _follow(request: HttpRequest, plan: Document, kind: JobKind) -> str:
    options = plan["options"]
    return jobs.start(kind, actor=actor_of(request), label=plan["label"], **options)


def _find(key: str) -> Document:
    found = jobs.find(key)
    if found is None:
        raise Http404
    return found


def _settled(found: Document) -> dict[str, Any]:
    """See to a restore whose process died: it is completed or taken back once its lease is over.
    Return how it ended, or that it has not yet."""
    if found["state"] != JobState.INTERRUPTED or found["kind"] != JobKind.RESTORE:
        return {}
    settled, restored = settle(found["options"]["path"], found.get("started_at"))
    return {"unsettled": not settled, "restored": restored}


def _may_undo(result: dict[str, Any]) -> bool:
    """Tell whether an import did anything that nobody has undone yet."""
    done = any(result.get(count) for count in ("created", "changed", "removed"))
    return done and not undone_by([result["operation"]])


def _result(request: HttpRequest, found: Document) -> dict[str, Any]:
    """Return what the template of this kind shows of the result."""
    result = jobs.result_of(found)
    if result is None:
        return {}
    context: dict[str, Any] = {"result": result}
    if found["kind"] == JobKind.BACKUP:
        context["parts"] = as_parts(result["counts"])
    if found["kind"] == JobKind.RESTORE:
        context["safety"] = Path(result["safety"]).name
    if found["kind"] == JobKind.PLAN:
        context["sections"] = as_plan(result)
    if found["kind"] == JobKind.IMPORT:
        context["may_undo"] = _may_undo(result)
    if found["kind"] == JobKind.COMPARE:
        text = request.GET.get("page", "1")
        pages = max(1, -(-result["rows"] // records.PAGE))
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
        page = min(pages, max(1, number))
        context |= {"counts": as_counts(result["counts"]), "page": page, "pages": pages}
        context["rows"] = as_rows(records.rows(found["_id"], page))
    return context
