"""Importing batches from the page: a file or the folders, its plan, the confirmation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from batches.rules.importing import ImportFormatError
from crew.access import actor_of, requires
from crew.rules import Capability
from exports.rules.jobs import JobKind
from exports.services import importing, jobs
from exports.services.backups.progress import finish
from exports.views.data import REPLACE_WORD
from segmentacion.http.throttling import limited


@require_POST
@requires(Capability.BACKUP)
@limited("data")
def upload(request: HttpRequest) -> HttpResponse:
    """Plan what was uploaded, or the folders, and lead to the plan, or to the job that makes it:
    a file that takes more memory is not read here. Changes no batch."""
    try:
        name, content = _received(request)
        replace, actor = request.POST.get("mode") == "replace", actor_of(request)
        key = importing.receive(name, content, replace=replace, actor=actor)
        if not importing.is_light(content):
            job = jobs.start(JobKind.READ, actor=actor, label=name, pending=key)
            return redirect("data_job", job)
        finish(importing.prepare(key))
    except ImportFormatError as error:
        messages.error(request, f"No se importó nada. {error}")
        return redirect("data")
    return redirect("data_import", key)


def _received(request: HttpRequest) -> tuple[str, bytes]:
    if request.POST.get("source") == "scan":
        return "carpetas.json", importing.scanned()
    file = request.FILES.get("file")
    if file is None:
        raise ImportFormatError("Elige un archivo.")
    if (file.size or 0) > importing.MAX_BYTES:
        raise ImportFormatError(importing.TOO_BIG)
    return file.name or "", file.read()


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.BACKUP)
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """The plan that waits; a POST confirms it."""
    pending = importing.find(key)
    if pending is None:
        messages.warning(request, importing.GONE)
        return redirect("data")
    if request.method == "POST":
        problem = _problem(request, pending["plan"]["counts"])
        if not problem:
            return redirect("data_job", _start(request, key, pending["name"]))
        messages.error(request, problem)
    counts = pending["plan"]["counts"]
    context = {"pending": pending, "plan": pending["plan"], "word": REPLACE_WORD}
    context["applicable"] = counts["new"] + counts["changed"] + counts["removed"]
    return render(request, "data/import_plan.html", context)


def _start(request: HttpRequest, key: str, label: str) -> str:
    return jobs.start(JobKind.IMPORT, actor=actor_of(request), label=label, pending=key)


def _problem(request: HttpRequest, counts: dict[str, int]) -> str:
    """Return why the plan is not carried out as asked, or ""."""
    if counts["invalid"] and request.POST.get("invalid") != "skip":
        return (
            f"Hay {counts['invalid']:,} filas inválidas y no se importó nada: corrígelas y sube "
            "el archivo otra vez, o elige importar las demás."
        )
    if counts["removed"] and request.POST.get("word", "").strip() != REPLACE_WORD:
        return f"Escribe {REPLACE_WORD} para reemplazar la lista. No se importó nada."
    if not counts["new"] + counts["changed"] + counts["removed"]:
        return "No hay nada que importar: todo está como en el archivo."
    return ""


@require_POST
@requires(Capability.BACKUP)
def discard(request: HttpRequest, key: str) -> HttpResponse:
    importing.discard(key)
    messages.success(request, "Importación descartada. No se cambió nada.")
    return redirect("data")
