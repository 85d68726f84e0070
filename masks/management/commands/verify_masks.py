"""`manage.py verify_masks`: opens the archives and says what is really inside."""

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from batches.rules.names import parse_batch_id
from masks.presenting.verdicts import verify_report_json
from masks.queries.verdicts import count_to_verify, files_of_batch, files_to_verify
from masks.rules.verdicts import VERDICT_LABELS, Limits
from masks.services.verifying import Options, StoreStoppedError, VerifyReport, verify
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import Document
from segmentacion.reporting import ReportCommand, progress_bar

DAYS = re.compile(r"(\d{1,5})d")


class Command(ReportCommand):
    help = (
        "Abre los archivos de máscaras y dice si están sanos: primero los más nuevos que no tienen "
        "veredicto. Códigos de salida: 0 hecho, 1 falló, 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--batch", metavar="ID", help="solo los archivos de este batch")
        parser.add_argument("--since", help="subidos desde una fecha (2025-10-20) o hace días (7d)")
        parser.add_argument("--limit", type=_positive, default=0, help="cuántos como máximo")
        parser.add_argument("--again", action="store_true", help="también los ya verificados")
        parser.add_argument("--seconds", type=_positive, help="por archivo; normalmente 8")
        parser.add_argument(
            "--compare-total", action="store_true", help="compara con las máscaras del batch"
        )
        parser.add_argument(
            "--fill-completed", action="store_true", help="llena las máscaras terminadas del batch"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        files, total = self._files(options)
        limits = Limits(seconds=options["seconds"]) if options["seconds"] else Limits()
        asked = Options(
            again=options["again"],
            compare_total=options["compare_total"],
            fill_completed=options["fill_completed"],
            workers=min(4, os.cpu_count() or 1),
            limits=limits,
        )
        report = VerifyReport()
        actor = Actor("verify_masks", Channel.COMMAND)
        try:
            with progress_bar(total, "Verificando", unit="archivo") as bar:
                for _ in verify(files, actor=actor, options=asked, report=report):
                    bar.update()
        except StoreStoppedError as error:
            raise self.fail(options, str(error), verified=report.verified) from error
        if options["json"]:
            self.print_json(verify_report_json(report))
        else:
            self._summary(options, report)

    def _files(self, options: dict[str, Any]) -> tuple[Iterable[Document], int]:
        since = _since(options["since"]) if options["since"] else None
        if not options["batch"]:
            total = count_to_verify(again=options["again"], since=since)
            limit = options["limit"]
            files = files_to_verify(again=options["again"], since=since, limit=limit)
            return files, min(total, limit) if limit else total
        batch_id = parse_batch_id(options["batch"])
        if batch_id is None:
            raise CommandError(f"«{options['batch']}» no es el id de un batch", returncode=2)
        found = files_of_batch(batch_id)
        if not found:
            raise self.fail(options, f"{batch_id} no tiene archivos. ¿Falta sincronizar?")
        if since:
            found = [f for f in found if f.get("uploadDate") and f["uploadDate"] >= since]
        found = found[: options["limit"] or None]
        return found, len(found)

    def _summary(self, options: dict[str, Any], report: VerifyReport) -> None:
        self.say(options, f"✅ {report.verified:,} archivos verificados")
        if report.cached:
            self.say(options, f"   • Ya tenían veredicto: {report.cached:,}")
        for kind, number in report.kinds.items():
            if number:
                self.say(options, f"   • {VERDICT_LABELS[kind].capitalize()}: {number:,}")
        for checked in report.doubtful[:20]:
            label = VERDICT_LABELS[str(checked.kind)]
            self.say(options, f"⚠️  {checked.filename} ({label}): {checked.reason}")
        if len(report.doubtful) > 20:
            self.say(options, f"   … y {len(report.doubtful) - 20:,} más")
        if report.vanished:
            self.say(options, f"🗑️  Desaparecieron mientras se leían: {len(report.vanished):,}")
            self.list_some(options, report.vanished)
        self.say(options, f"   • Batches actualizados: {report.batches_updated:,}")
        if report.filled:
            self.say(options, f"   • Máscaras terminadas anotadas: {len(report.filled):,} batches")
        self.list_some(options, (f"{name}: {why}" for name, why in report.not_filled))


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise ValueError(text)
    return int(text)


def _since(text: str) -> datetime:
    """Return the moment that `--since` names. Raises CommandError, exit code 2."""
    if match := DAYS.fullmatch(text):
        return datetime.now(UTC) - timedelta(days=int(match[1]))
    try:
        return timezone.make_aware(datetime.strptime(text, "%Y-%m-%d")).astimezone(UTC)  # noqa: DTZ007
    except ValueError as error:
        raise CommandError(
            f"--since: «{text}» no es una fecha como 2025-10-20 ni días como 7d", returncode=2
        ) from error
