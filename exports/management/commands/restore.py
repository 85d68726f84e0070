"""`manage.py restore`: a backup put back, all or nothing, with a plan first."""

from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from crew.filters import FilterError
from exports.management.progress import Bars
from exports.management.restoring import plan_json, plan_lines, selection_of
from exports.rules.backup import BackupError
from exports.services.backups import finish
from exports.services.restoring import complete_pending, plan_restore, restore
from segmentacion.actors import SYSTEM_ACTOR
from segmentacion.reporting import ReportCommand


class Command(ReportCommand):
    help = (
        "Restaura un respaldo (2.0 o 1.0). Muestra el plan, pregunta, guarda antes otro respaldo "
        "y cambia todo o nada. Códigos de salida: 0 hecho, 1 rechazado o falló, 2 mal uso."
    )
    confirms = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, nargs="?", help="el respaldo")
        parser.add_argument("--dry-run", action="store_true", help="solo muestra el plan")
        parser.add_argument("--only-crew", action="store_true", help="solo el equipo")
        parser.add_argument("--assignee", nargs="+", default=[], metavar="NOMBRE")
        parser.add_argument(
            "--batches", nargs="+", default=[], metavar="RANGO", help="ids o 000100F-000200F"
        )
        parser.add_argument(
            "--resume", action="store_true", help="termina o retira una restauración cortada"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["resume"]:
            self._resume(options)
            return
        if options["file"] is None:
            raise CommandError("Falta el archivo del respaldo.", returncode=2)
        try:
            self._restore(options)
        except (BackupError, FilterError) as error:
            raise self.fail(options, str(error)) from error

    def _restore(self, options: dict[str, Any]) -> None:
        selection = selection_of(options)
        with closing(Bars()) as bars:
            plan = finish(plan_restore(options["file"], selection, actor=SYSTEM_ACTOR), bars.show)
        for line in plan_lines(plan):
            self.say(options, line)
        if options["dry_run"] or not plan.changes:
            self.say(options, "No se cambió nada.")
            if options["json"]:
                self.print_json({"success": True, "dry_run": True, "plan": plan_json(plan)})
            return
        self.confirm(options, f"Se cambiarán {plan.changes:,} documentos.")
        with closing(Bars()) as bars:
            report = finish(restore(options["file"], selection, actor=SYSTEM_ACTOR), bars.show)
        if options["json"]:
            answer = {"success": True, "dry_run": False, "operation": report.operation}
            answer |= {"safety_backup": str(report.safety), "warnings": report.warnings}
            self.print_json(answer | {"plan": plan_json(report.plan)})
        self.say(options, f"✅ Restaurado: {report.plan.changes:,} cambios.")
        self.list_some(options, report.warnings)
        self.say(options, f"   Para volver atrás: manage.py restore {report.safety}")

    def _resume(self, options: dict[str, Any]) -> None:
        done = complete_pending()
        if options["json"]:
            self.print_json({"success": True, "completed": done})
        self.say(options, f"Restauraciones completadas: {done}")
