"""`manage.py backup`: everything people would lose, in one checked file."""

from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from exports.management.progress import Bars
from exports.rules.backup import BackupError
from exports.services.backups import BackupFile, finish, records, write_backup
from exports.services.backups.copying import MasksReport, copy_masks
from exports.services.backups.files import folder
from exports.services.backups.scheduled import is_due, run_scheduled
from segmentacion.http.json import iso_utc
from segmentacion.reporting import ReportCommand


class Command(ReportCommand):
    help = (
        "Guarda un respaldo: batches con su historial, equipo, papelera, operaciones y vistas. "
        "Solo cuenta si se leyó de vuelta. Códigos de salida: 0 hecho, 1 falló, 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", type=Path, metavar="DIR", help="carpeta donde se guarda")
        parser.add_argument(
            "--masks", action="store_true", help="guarda también los archivos de máscaras, al lado"
        )
        parser.add_argument(
            "--scheduled",
            action="store_true",
            help="respaldo automático: lo restaura de prueba y conserva 7 diarios, 4 semanales y "
            "12 mensuales",
        )

        parser.add_argument(
            "--if-due",
            action="store_true",
            help="con --scheduled: no hace nada si hay uno bueno de menos de un día",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_due"] and not options["scheduled"]:
            raise CommandError("--if-due va con --scheduled.", returncode=2)
        if options["if_due"] and not is_due(timezone.now()):
            self._not_due(options)
            return
        removed: list[str] = []
        note = ""
        masks = None
        try:
            if options["scheduled"]:
                with closing(Bars()) as bars:
                    report = finish(run_scheduled(options["to"]), bars.show)
                made, note, removed = report.made, report.note, report.removed
            else:
                made = self._manual(options["to"])
            if options["masks"]:
                with closing(Bars(unit="B")) as bars:
                    masks = finish(copy_masks(options["to"] or folder()), bars.show)
        except BackupError as error:
            raise self.fail(options, str(error)) from error
        self._report(options, made, note, removed, masks)

    def _not_due(self, options: dict[str, Any]) -> None:
        self.say(
            options,
            "Todavía no toca: hay uno bueno de menos de un día, o el último falló hace poco.",
        )
        if options["json"]:
            self.print_json({"success": True, "due": False, "file": None})

    def _manual(self, to: Path | None) -> BackupFile:
        try:
            with closing(Bars()) as bars:
                made = finish(write_backup(to), bars.show)
        except BackupError as error:
            records.record_failed(records.Kind.MANUAL, str(error))
            raise
        records.record_good(made, records.Kind.MANUAL)
        return made

    def _report(
        self,
        options: dict[str, Any],
        made: BackupFile,
        note: str,
        removed: list[str],
        masks: MasksReport | None,
    ) -> None:
        if options["json"]:
            self.print_json(_as_json(made, note, removed, masks))
        self.say(options, f"💾 {made.path}")
        self.say(options, f"   • {made.size / 1e6:,.1f} MB · SHA-256 {made.integrity.sha256}")
        for name, number in made.counts.items():
            self.say(options, f"   • {name}: {number:,}")
        if not made.consistent:
            self.say(options, "⚠️  Este servidor no da un solo momento en el tiempo.")
        if note:
            self.say(options, f"⚠️  {note}")
        for file in removed:
            self.say(options, f"   • ya no se conserva: {file}")
        if masks:
            self.say(options, f"📦 Máscaras: {masks.copied:,} copiadas, {masks.kept:,} ya estaban")
            self.list_some(options, masks.failed)
        if masks and masks.failed:
            raise CommandError("❌ Hay archivos de máscaras que no se pudieron copiar.")


def _as_json(
    made: BackupFile, note: str, removed: list[str], masks: MasksReport | None
) -> dict[str, Any]:
    report: dict[str, Any] = {
        "success": not (masks and masks.failed),
        "file": str(made.path),
        "size": made.size,
        "sha256": made.integrity.sha256,
        "counts": made.counts,
        "consistent": made.consistent,
        "created_at": iso_utc(made.created_at),
        "note": note,
        "removed": removed,
    }
    if masks:
        report["masks"] = {"copied": masks.copied, "kept": masks.kept, "failed": masks.failed}
    return report
