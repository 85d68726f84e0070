"""Backups from the page: make, check, compare, download, remove, restore."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from crew import audit
from crew import queries as crew_queries
from crew.access import actor_of, requires
from crew.events import Event
from crew.filters import FilterError
from crew.rules import Capability, CrewError
from exports.presenting.data import as_backup
from exports.rules.backup import BackupError
from exports.rules.filenames import attachment
from exports.rules.jobs import JobKind
from exports.services import jobs
from exports.services.backups import keeping
from exports.services.restoring import arriving
from exports.services.restoring.selecting import selection_of
from exports.views.data import DELETE_WORD
from segmentacion.http.throttling import limited


@require_POST
@requires(Capability.BACKUP)
@limited("data")
def make(request: HttpRequest) -> HttpResponse:
    key = jobs.start(JobKind.BACKUP, actor=actor_of(request), label="toda la base")
    return redirect("data_job", key)


@require_GET
@requires(Capability.BACKUP)
def backup(request: HttpRequest, key: str) -> HttpResponse:
    """One backup: what it holds, what checking it found, and what can be done with it."""
    try:
        found = as_backup(keeping.seen(keeping.find(key)))
    except BackupError as error:
        return _refused(request, error)
    context = {"backup": found, "people": crew_queries.names(), "word": DELETE_WORD}
    return render(request, "data/backup.html", context)


@require_POST
@requires(Capability.BACKUP)
@limited("data")
def verify(request: HttpRequest, key: str) -> HttpResponse:
    try:
        name = keeping.path_of(keeping.find(key)).name
    except BackupError as error:
        return _refused(request, error)
    job = jobs.start(JobKind.VERIFY, actor=actor_of(request), label=name, backup=key)
    return redirect("data_job", job)


@require_POST
@requires(Capability.BACKUP)
@limited("data")
def compare(request: HttpRequest) -> HttpResponse:
    """Compare the two that were chosen, the older one first."""
    try:
        chosen = [keeping.find(key) for key in dict.fromkeys(request.POST.getlist("backup"))]
        if len(chosen) != 2:
            raise BackupError("Elige dos respaldos, ni uno más, para compararlos.")
        first, second = sorted(chosen, key=lambda record: record["created_at"])
        names = [keeping.path_of(record).name for record in (first, second)]
    except BackupError as error:
        return _refused(request, error)
    job = jobs.start(
        JobKind.COMPARE,
        actor=actor_of(request),
        label=" → ".join(names),
        first=first["_id"],
        second=second["_id"],
    )
    return redirect("data_job", job)


@require_GET
@requires(Capability.BACKUP)
@limited("export", "EXPORT_LIMIT")
def download(request: HttpRequest, key: str) -> HttpResponseBase:
    try:
        path = keeping.path_of(keeping.find(key))
        response = FileResponse(path.open("rb"), content_type="application/json")
    except BackupError as error:
        return _refused(request, error)
    audit.note(request, Event.BACKUP_DOWNLOADED, about=path.name)
    response["Content-Disposition"] = attachment(path.name)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@requires(Capability.BACKUP)
def remove(request: HttpRequest, key: str) -> HttpResponse:
    if request.POST.get("word", "").strip() != DELETE_WORD:
        messages.error(request, f"Escribe {DELETE_WORD} para eliminar el respaldo. Ahí sigue.")
        return redirect("backup", key)
    try:
        messages.success(request, f"{keeping.remove(key)} se eliminó.")
    except BackupError as error:
        messages.error(request, str(error))
    return redirect("data")


@require_POST
@requires(Capability.BACKUP)
@limited("data")
def plan(request: HttpRequest) -> HttpResponse:
    """Make the plan of restoring one of the list or an uploaded file. Changes nothing."""
    try:
        selection = _chosen(request)
        path = _file(request)
    except (BackupError, FilterError, CrewError) as error:
        return _refused(request, error)
    actor = actor_of(request)
    options: dict[str, Any] = {"path": str(path), "selection": selection}
    key = jobs.start(JobKind.PLAN, actor=actor, label=path.name, **options)
    return redirect("data_job", key)


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """Return what of the backup is asked for, as `selection_of` takes it. Raises FilterError or
    CrewError naming what is not understood."""
    what = request.POST.get("what")
    people = request.POST.getlist("person") if what == "people" else []
    batches = request.POST.get("batches", "") if what == "batches" else ""
    words = batches.replace(",", " ").split()
    if what in {"people", "batches"} and not (people or words):
        raise FilterError("Di qué personas o qué batches se restauran.")
    selection_of(only_crew=what == "crew", assignees=people, batches=words)
    return {"only_crew": what == "crew", "assignees": people, "batches": words}


def _file(request: HttpRequest) -> Path:
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        return arriving.keep(file.name or "", file.chunks(), limit_mb=settings.UPLOAD_MAX_MB)
    if key := request.POST.get("backup"):
        return keeping.path_of(keeping.find(key))
    raise BackupError("Elige un respaldo de la lista o sube un archivo.")


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    messages.error(request, str(error))
    return redirect("data")
