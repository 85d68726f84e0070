"""`/data-management` «Datos»: importing, backups and restoring, for the lead."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crew import queries as crew_queries
from crew.access import requires
from crew.rules import Capability
from exports.presenting.data import as_backup, as_job
from exports.services import jobs
from exports.services.backups import keeping
from exports.services.backups.records import last_good
from exports.services.importing import MAX_BYTES

DELETE_WORD, RESTORE_WORD, REPLACE_WORD = "ELIMINAR", "RESTAURAR", "REEMPLAZAR"


@require_GET
@requires(Capability.BACKUP)
def data(request: HttpRequest) -> HttpResponse:
    """The page."""
    backups = [as_backup(record) for record in keeping.listed()]
    context = {
        "backups": backups,
        "last_backup": last_good(),
        "may_compare": sum(b["good"] and b["here"] for b in backups) > 1,
        "failed_backup": backups[0] if backups and not backups[0]["good"] else None,
        "jobs": [as_job(job) for job in jobs.recent()],
        "people": crew_queries.names(),
        "import_limit_mb": MAX_BYTES >> 20,
        "images": settings.DATA_DIRECTORY,
    }
    return render(request, "data.html", context)
