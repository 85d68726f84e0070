"""`manage.py adopt_database`: normalises a database that older programs wrote."""

from contextlib import ExitStack
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from batches.management.adoption_summary import as_json, sections
from batches.rules.adoption import KeepPolicy
from batches.services.adoption import (
    AdoptionError,
    AdoptionReport,
    Progress,
    adopt_database,
    finish,
)
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.embedded import EmbeddedError
from segmentacion.reporting import ReportCommand, progress_bar

LISTED = 50


class Command(ReportCommand):
    help = (
        "Normaliza una base que escribieron programas anteriores y dice qué no entendió. Se puede "
        "repetir. Códigos de salida: 0 hecho, 1 rechazado o falló, 2 mal uso."
    )
    confirms = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="dice qué haría, sin escribir")
        parser.add_argument(
            "--duplicates",
            choices=[str(policy) for policy in KeepPolicy],
            help="cuál queda de los ids (o nombres) repetidos; los demás van a la papelera",
        )
        parser.add_argument(
            "--set-aside-without-id",
            action="store_true",
            help="mueve a la papelera los batches sin id y las personas sin nombre",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not options["dry_run"] and not options["yes"]:
                self._ask(options, self._adopt(options, dry_run=True))
            report = self._adopt(options, dry_run=options["dry_run"])
        except AdoptionError as error:
            raise self.fail(options, str(error)) from error
        except (PyMongoError, DatabaseError, EmbeddedError) as error:
            raise self.fail(options, f"DB no disponible: {error}") from error
        if options["json"]:
            self.print_json(as_json(report))
        self._summary(options, report)

    def _ask(self, options: dict[str, Any], planned: AdoptionReport) -> None:
        if planned.changes:
            self._summary(options, planned)
            self.confirm(options, f"Se harán {planned.changes:,} cambios.")

    def _adopt(self, options: dict[str, Any], *, dry_run: bool) -> AdoptionReport:
        policy = options["duplicates"]
        engine = adopt_database(
            actor=Actor("adopt_database", Channel.COMMAND),
            dry_run=dry_run,
            policy=KeepPolicy(policy) if policy else None,
            set_aside_without_id=options["set_aside_without_id"],
        )
        with ExitStack() as bars:
            shown: dict[str, Any] = {}

            def show(progress: Progress) -> None:
                if progress.stage not in shown:
                    bar = progress_bar(progress.total, progress.stage, unit="")
                    shown[progress.stage] = bars.enter_context(bar)
                shown[progress.stage].update(progress.done - shown[progress.stage].n)

            return finish(engine, show)

    def _summary(self, options: dict[str, Any], report: AdoptionReport) -> None:
        simulated = " (simulación: no se escribió nada)" if report.dry_run else ""
        self.say(options, f"🧭 ADOPCIÓN DE LA BASE DE DATOS{simulated}")
        for title, lines in sections(report):
            self.say(options, title)
            self.list_some(options, lines, limit=LISTED)
