"""`manage.py sync_masks`: marks each batch with what the mask store really holds."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from masks.management import watching
from masks.presenting import report_json
from masks.services.runs import SyncReport
from masks.services.sync import SyncError, SyncRefusedError, run_sync
from segmentacion.actors import Actor, Channel
from segmentacion.reporting import ReportCommand, progress_bar

RULE = "=" * 70
STAGES = {"read": "Leyendo archivos", "write": "Actualizando batches", "catalog": "Catálogo"}


class Command(ReportCommand):
    help = (
        "Sincroniza las marcas de los batches con el almacén de máscaras. Códigos de salida: "
        "0 hecho, 1 rechazado o falló, 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="dice qué haría, sin cambiar nada"
        )
        parser.add_argument(
            "--full",
            action="store_true",
            help="lee todo el almacén, no solo lo nuevo",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="sigue aunque el almacén esté vacío o se quiten muchas marcas",
        )
        parser.add_argument(
            "--watch",
            action="store_true",
            help="se queda y sincroniza en cuanto algo cambia en el almacén",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["watch"]:
            self._watch(options)
            return
        self.say(options, RULE)
        self.say(options, "🔄 SINCRONIZACIÓN DE MÁSCARAS CON BATCHES")
        self.say(options, RULE)
        self.say(options, "📡 Conectando a MongoDB...")
        self.say(options, f"📊 Obteniendo máscaras de {settings.TRAINING_DB}...")
        try:
            report = self._run(options)
        except SyncRefusedError as refused:
            figures = report_json(refused.report)
            extra = {name: figures[name] for name in ("total_files_found", "cleared", "run_id")}
            advice = f"{refused} Revisa el almacén; si es correcto, usa --force."
            raise self.fail(options, advice, **extra) from refused
        except SyncError as error:
            raise self.fail(options, str(error)) from error
        if options["json"]:
            self.print_json(report_json(report))
        else:
            self._summary(options, report)

    def _watch(self, options: dict[str, Any]) -> None:
        if options["dry_run"] or options["full"] or options["force"]:
            raise CommandError("--watch no va con --dry-run, --full ni --force.", returncode=2)
        watching.run(self.stdout, options)

    def _run(self, options: dict[str, Any]) -> SyncReport:
        bars: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = progress_bar(total or None, STAGES[stage], unit="")
            bars[stage].update(done - bars[stage].n)

        try:
            return run_sync(
                actor=Actor("sync_masks", Channel.SYNC),
                full=options["full"],
                dry_run=options["dry_run"],
                force=options["force"],
                progress=progress,
            )
        finally:
            for bar in bars.values():
                bar.close()

    def _summary(self, options: dict[str, Any], report: SyncReport) -> None:
        self.say(options, f"✅ {report.total_files} máscaras encontradas")
        self.say(options, f"📋 Batches con máscaras encontrados: {report.batches_with_files}")
        self.say(options, f"🔄 Actualizando {report.with_masks} batches...")
        done = "Simulación completada (no se cambió nada)" if report.dry_run else None
        self.say(options, f"✅ {done or 'Actualización completada'}:")
        self.say(options, f"   • Batches actualizados: {report.updated}")
        self.say(options, f"   • Ya estaban actualizados: {report.up_to_date}")
        if report.cleared:
            self.say(options, f"   • Marcas quitadas: {report.cleared}")
        self.say(options, f"   • No encontrados en DB: {report.not_found_count}")
        self.list_some(options, report.not_found)
        if report.unparsed_count:
            self.say(options, f"⚠️  Nombres sin batch: {report.unparsed_count}")
            self.list_some(options, report.unparsed)
        if report.conflict_count:
            self.say(options, f"⚠️  Conflictos entre nombre y metadatos: {report.conflict_count}")
            self.list_some(
                options,
                (
                    f"{c.filename}: dice {', '.join(c.named)}; vale {c.declared}"
                    for c in report.conflicts
                ),
            )
        self.say(options, RULE)
