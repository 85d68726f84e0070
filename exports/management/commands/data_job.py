"""`manage.py data_job ID`: the process of work that a page asked for."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from exports.rules.jobs import LIMITED, JobKind
from exports.services.jobs import records
from exports.services.jobs.running import run
from segmentacion.memory import limit_memory
from segmentacion.reporting import DatabaseCommand


class Command(DatabaseCommand):
    help = "Hace un trabajo pedido en «Datos» (lo ejecuta el servidor)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", help="id del trabajo")

    def handle(self, *args: Any, **options: Any) -> None:
        job = records.find(options["job"])
        limit = LIMITED.get(JobKind(job["kind"])) if job else None
        if limit is not None:
            limit_memory(limit)
        if not run(options["job"]):
            raise CommandError("❌ El trabajo no se hizo; su página dice por qué.")
