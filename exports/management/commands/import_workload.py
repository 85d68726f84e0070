"""`manage.py import_workload FILE`: takes a workload back whose status was filled in."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from batches.rules.changes import Asker
from batches.services.bulk import BulkReport
from exports.rules.workload import MAX_BYTES, WorkloadFormatError, WorkloadPlan, accepted
from exports.services.workload import apply_filled, plan_filled
from segmentacion.actors import SYSTEM_ACTOR, new_operation
from segmentacion.reporting import ReportCommand

ASKER = Asker(SYSTEM_ACTOR.name, may_edit=True)


class Command(ReportCommand):
    help = (
        "Pone el estatus que trae una carga de trabajo llena (CSV). Muestra el plan y pregunta. "
        "Códigos de salida: 0 hecho, 1 falló, 2 mal uso."
    )
    confirms = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="el CSV con la columna Estatus llena")
        parser.add_argument(
            "--dry-run", action="store_true", help="muestra el plan y no cambia nada"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        plan = self._plan(options)
        self._show(options, plan)
        if options["dry_run"] or not plan.changes:
            self._finish(options, plan, None)
            return
        self.confirm(options, f"Cambiará el estatus de {len(plan.changes):,} batches.")
        report = apply_filled(
            accepted(plan),
            asker=ASKER,
            actor=SYSTEM_ACTOR,
            operation=new_operation(),
            summary=f"Carga de trabajo: {options['file'].name}",
        )
        self._finish(options, plan, report)

    def _plan(self, options: dict[str, Any]) -> WorkloadPlan:
        try:
            with options["file"].open("rb") as file:
                return plan_filled(file.read(MAX_BYTES + 1), asker=ASKER)
        except OSError as error:
            raise self.fail(options, f"No se pudo leer: {error.strerror or error}") from error
        except WorkloadFormatError as error:
            raise self.fail(options, str(error)) from error

    def _show(self, options: dict[str, Any], plan: WorkloadPlan) -> None:
        self.say(options, f"📋 Plan para {options['file'].name}:")
        self.say(options, f"   • Cambian: {len(plan.changes):,}")
        self.say(options, f"   • Ya están así: {plan.unchanged:,}")
        self.say(options, f"   • Sin estatus en el archivo: {plan.blank:,}")
        self.say(options, f"   • No se pueden: {len(plan.refused):,}")
        self.list_some(options, (f"fila {r.row} ({r.text}): {r.reason}" for r in plan.refused))
        if plan.changes:
            self.say(options, "✏️  Cambios:")
            self.list_some(options, (f"{c.id}: {c.old} → {c.new}" for c in plan.changes))

    def _finish(
        self, options: dict[str, Any], plan: WorkloadPlan, report: BulkReport | None
    ) -> None:
        if report is None and plan.refused and not plan.changes and not options["dry_run"]:
            raise self.fail(options, "Ninguna fila se puede tomar: nada cambió.", **_plan(plan))
        if options["json"]:
            self.print_json(_as_json(plan, report, dry_run=options["dry_run"]))
        elif options["dry_run"]:
            self.say(options, "Simulación: no se cambió nada.")
        elif report is None:
            self.say(options, "Nada que cambiar.")
        else:
            self.say(options, f"✅ Cambiados: {report.changed:,}. Operación {report.operation}")
            self.list_some(options, (f"{name}: {reason}" for name, reason in report.refused))


def _plan(plan: WorkloadPlan) -> dict[str, Any]:
    return {
        "plan": {
            "changed": len(plan.changes),
            "unchanged": plan.unchanged,
            "blank": plan.blank,
            "refused": len(plan.refused),
        },
        "changes": [{"row": c.row, "id": c.id, "old": c.old, "new": c.new} for c in plan.changes],
        "refused": [{"row": r.row, "text": r.text, "reason": r.reason} for r in plan.refused],
    }


def _as_json(plan: WorkloadPlan, report: BulkReport | None, *, dry_run: bool) -> dict[str, Any]:
    late = report.refused if report else []
    return {
        "success": True,
        "dry_run": dry_run,
        **_plan(plan),
        "changed": report.changed if report else 0,
        "late": [{"id": name, "reason": reason} for name, reason in late],
        "operation": report.operation if report else None,
    }
