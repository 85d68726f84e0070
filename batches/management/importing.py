"""What `import_batches` and `replace_batches` share: plan, show, ask, apply, report."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from batches.rules.importing import ImportFormatError, ImportPlan
from batches.services.importing import ImportReport, apply_plan, make_plan
from batches.services.reading import read_path, scan_folders
from segmentacion.actors import SYSTEM_ACTOR, new_operation
from segmentacion.reporting import ReportCommand, progress_bar


class ImportCommand(ReportCommand):
    """Plans from a file, shows the plan, asks where much would go, applies it."""

    confirms = True
    replace = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, nargs="?", help="archivo JSON, CSV o XLSX")
        parser.add_argument(
            "--scan", action="store_true", help="en vez de un archivo, las carpetas de imágenes"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="muestra el plan y no cambia nada"
        )
        parser.add_argument(
            "--skip-invalid",
            action="store_true",
            help="importa las filas válidas aunque haya inválidas",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["scan"]) == bool(options["file"]):
            raise CommandError("Di un archivo o --scan, uno de los dos.", returncode=2)
        try:
            table = scan_folders() if options["scan"] else read_path(options["file"])
        except ImportFormatError as error:
            raise self.fail(options, str(error)) from error
        plan = make_plan(table.entries, replace=self.replace, numbers=table.numbers)
        for notice in table.notices:
            self.say(options, f"⚠️  {notice}")
        self._show(options, plan)
        if options["dry_run"]:
            self.say(options, "Simulación: no se cambió nada.")
            self._print_report(options, plan, None)
            return
        self._check(options, plan)
        report = self._apply(plan)
        self._print_report(options, plan, report)

    def _show(self, options: dict[str, Any], plan: ImportPlan) -> None:
        source = options["file"].name if options["file"] else settings.DATA_DIRECTORY
        self.say(options, f"📋 Plan para {source}:")
        self.say(options, f"   • Nuevos: {len(plan.new):,}")
        self.say(options, f"   • Con cambios: {len(plan.changed):,}")
        self.say(options, f"   • Sin cambios: {plan.unchanged:,}")
        self.say(options, f"   • Inválidos: {len(plan.invalid):,}")
        if self.replace:
            self.say(options, f"   • Van a la papelera: {len(plan.removed):,}")
        if plan.invalid:
            self.say(options, "⚠️  Filas inválidas:")
            self.list_some(
                options, (f"fila {r.row} ({r.text}): {'; '.join(r.reasons)}" for r in plan.invalid)
            )
        if plan.changed:
            self.say(options, "✏️  Cambios:")
            self.list_some(
                options, (_describe(change.id, change.values) for change in plan.changed)
            )

    def _check(self, options: dict[str, Any], plan: ImportPlan) -> None:
        """Stop unless the plan may be carried out as asked."""
        if plan.invalid and not options["skip_invalid"]:
            raise self.fail(
                options,
                f"Hay {len(plan.invalid):,} filas inválidas y no se importó nada. Corrígelas, o "
                "usa --skip-invalid para importar las demás.",
                invalid=_invalid(plan),
            )
        if plan.removed:
            self.confirm(options, f"Se moverán {len(plan.removed):,} batches a la papelera.")

    def _apply(self, plan: ImportPlan) -> ImportReport:
        operation = new_operation()
        report = ImportReport(operation)
        total = len(plan.new) + len(plan.changed) + len(plan.removed)
        with progress_bar(total, "Importando") as bar:
            steps = apply_plan(plan, actor=SYSTEM_ACTOR, operation=operation, report=report)
            for done in steps:
                bar.update(done - bar.n)
        return report

    def _print_report(
        self, options: dict[str, Any], plan: ImportPlan, report: ImportReport | None
    ) -> None:
        if options["json"]:
            self.print_json(_as_json(plan, report))
        elif report:
            self.say(options, "✅ Importación completada:")
            self.say(options, f"   • Creados: {report.created:,}")
            self.say(options, f"   • Cambiados: {report.changed:,}")
            self.say(options, f"   • Sin cambios: {report.unchanged:,}")
            if self.replace:
                self.say(options, f"   • En la papelera: {report.removed:,}")
            if report.conflicts:
                self.say(options, "⚠️  Cambiaron mientras tanto y se dejaron como están:")
                self.list_some(options, report.conflicts)


def _describe(batch_id: str, values: dict[str, tuple[Any, Any]]) -> str:
    changes = ", ".join(f"{path}: {old!s} → {new!s}" for path, (old, new) in values.items())
    return f"{batch_id}: {changes}"


def _invalid(plan: ImportPlan) -> list[dict[str, Any]]:
    return [{"row": r.row, "id": r.text, "reasons": list(r.reasons)} for r in plan.invalid]


def _as_json(plan: ImportPlan, report: ImportReport | None) -> dict[str, Any]:
    return {
        "success": True,
        "dry_run": report is None,
        "plan": {
            "new": len(plan.new),
            "changed": len(plan.changed),
            "unchanged": plan.unchanged,
            "invalid": len(plan.invalid),
            "removed": len(plan.removed),
        },
        "invalid": _invalid(plan),
        "created": report.created if report else 0,
        "changed": report.changed if report else 0,
        "removed": report.removed if report else 0,
        "conflicts": report.conflicts if report else [],
        "operation": report.operation if report else None,
    }
