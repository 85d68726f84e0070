"""Backups from the page: make, check, compare, download, remove, restore."""

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from batches.rules.filters import FilterError
from crew.access import actor_of, requires
from crew.rules import Capability, CrewError
from exports.rules.backup import BackupError
from exports.rules.filenames import attachment
from exports.rules.jobs import JobKind
from exports.services import jobs
from exports.services.backups import keeping
from exports.services.restoring import arriving
from exports.services.restoring.selecting import selection_of
from exports.views.data import DELETE_WORD


@require_POST
@requires(Capability.BACKUP)
def make(request: HttpRequest) -> HttpResponse:
    key = jobs.start(JobKind.BACKUP, actor=actor_of(request), label="toda la base")
    return redirect("data_job", key)


@require_POST
@requires(Capability.BACKUP)
def verify(request: HttpRequest, key: str) -> HttpResponse:
    try:
        name = keeping.path_of(keeping.find(key)).name
    except BackupError as error:
        return _refused(request, error)
    job = jobs.start(JobKind.VERIFY, actor=actor_of(request), label=name, backup=key)
    return redirect("data_job", job)


@require_POST
@requires(Capability.BACKUP)
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
        label=" y ".join(names),
        first=first["_id"],
        second=second["_id"],
    )
    return redirect("data_job", job)


@require_GET
@requires(Capability.BACKUP)
def download(request: HttpRequest, key: str) -> HttpResponseBase:
    try:
        path = keeping.path_of(keeping.find(key))
        response = FileResponse(path.open("rb"), content_type="application/json")
    except BackupError as error:
        return _refused(request, error)
    response["Content-Disposition"] = attachment(path.name)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@requires(Capability.BACKUP)
def remove(request: HttpRequest, key: str) -> HttpResponse:
    if request.POST.get("word", "").strip() != DELETE_WORD:
        messages.error(request, f"Escribe {DELETE_WORD} para eliminar el respaldo. Ahí sigue.")
        return redirect("data")
    try:
        messages.success(request, f"{keeping.remove(key)} se eliminó.")
    except BackupError as error:
        messages.error(request, str(error))
    return redirect("data")


@require_POST
@requires(Capability.BACKUP)
def plan(request: HttpRequest) -> HttpResponse:
    """Make the plan of restoring one of the list or an uploaded file. Changes nothing."""
    chosen = {
        "only_crew": request.POST.get("what") == "crew",
        "assignees": request.POST.getlist("person") if request.POST.get("what") == "people" else [],
        "batches": request.POST.get("batches", "").replace(",", " ").split()
        if request.POST.get("what") == "batches"
        else [],
    }
    try:
        if request.POST.get("what") in {"people", "batches"} and not any(chosen.values()):
            raise FilterError("Di qué personas o qué batches se restauran.")
        selection_of(**chosen)
        path = _file(request)
    except (BackupError, FilterError, CrewError) as error:
        return _refused(request, error)
    actor = actor_of(request)
    key = jobs.start(
        JobKind.PLAN, actor=actor, label=path.name, path=str(path), selection=chosen
    )
    return redirect("data_job", key)


def _file(request: HttpRequest) -> "arriving.Path":
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        return arriving.keep(file.name or "", file.chunks(), limit_mb=settings.UPLOAD_MAX_MB)
    if key := request.POST.get("backup"):
        return keeping.path_of(keeping.find(key))
    raise BackupError("Elige un respaldo de la lista o sube un archivo.")


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    messages.error(request, str(error))
    return redirect("data")
