"""`manage.py reconcile`: what does not agree between batches, files and store. Changes nothing."""

from typing import Any

from django.core.management.base import CommandParser

from masks.presenting.reconciling import reconcile_json
from masks.services.reconciling import STORE_SECONDS, reconcile
from segmentacion.reporting import ReportCommand, progress_bar


class Command(ReportCommand):
    help = (
        "Compara batches, lista de archivos y almacén de máscaras; no cambia nada. Códigos de "
        "salida: 0 hecho, 1 falló (con --strict, también si encontró algo), 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--strict", action="store_true", help="sale con 1 si encontró algo")
        parser.add_argument(
            "--store-seconds", type=float, default=STORE_SECONDS,
            help="cuánto puede tardar cada mirada al almacén (20)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        with progress_bar(None, "Conciliando", unit="") as bar:
            report = reconcile(
                store_seconds=options["store_seconds"],
                progress=lambda stage, count: bar.set_postfix_str(f"{stage} {count:,}"),
            )
        shown = reconcile_json(report)
        if options["json"]:
            self.print_json(shown)
        for finding in shown["findings"]:
            self._say_one(options, finding)
        if options["strict"] and report.found:
            raise SystemExit(1)

    def _say_one(self, options: dict[str, Any], finding: dict[str, Any]) -> None:
        found = finding["count"] or not finding["complete"]
        more = "" if finding["complete"] else " o más"
        self.say(
            options, f"{'⚠️ ' if found else '✅'} {finding['title']}: {finding['count']:,}{more}"
        )
        if not found:
            return
        if finding["note"]:
            self.say(options, f"   {finding['note']}")
        self.list_some(options, finding["names"])
        self.say(options, f"   → {finding['advice']}")
