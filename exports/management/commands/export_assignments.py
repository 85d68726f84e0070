"""`manage.py export_assignments`: the summary of the team, or the work of one person, as a file."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from crew.rules import UnknownPersonError
from exports.rules.asking import SHEETS, Asked, Format
from exports.services import exporting
from exports.services.exporting import Export
from exports.services.saving import whole_file, why
from exports.services.workbooks import TooManyRowsError
from segmentacion.reporting import ReportCommand, progress_bar


class Command(ReportCommand):
    help = (
        "Exporta el resumen del equipo o, con --person, la carga de una persona. Códigos de "
        "salida: 0 hecho, 1 falló, 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--person", metavar="NOMBRE", help="solo la carga de esta persona")
        parser.add_argument("--format", choices=[*map(str, SHEETS)], default="csv")
        parser.add_argument(
            "--to",
            metavar="ARCHIVO",
            default="",
            help="archivo, carpeta, o - para la salida estándar; si no, la carpeta actual",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["to"] == "-" and options["json"]:
            raise self.fail(options, "--json y --to - escriben los dos en la salida estándar.")
        asked = Asked(format=Format(options["format"]))
        try:
            export = exporting.summary(asked)
            if options["person"] is not None:
                export = exporting.workload(options["person"], asked)
            self._write(export, options)
        except (UnknownPersonError, TooManyRowsError) as error:
            raise self.fail(options, str(error)) from error
        except OSError as error:
            raise self.fail(options, f"No se pudo escribir: {why(error)}.") from error

    def _write(self, export: Export, options: dict[str, Any]) -> None:
        unit = "batch" if options["person"] is not None else "personas"
        with progress_bar(export.total, "Exportando", unit=unit) as bar:
            done = 0

            def told() -> None:
                nonlocal done
                done += 1
                bar.update()

            counted = export.told(told)
            if options["to"] == "-":
                _to_standard_output(counted)
                return
            target = Path(options["to"] or ".")
            target = target / export.filename if target.is_dir() else target
            with whole_file(target) as file:
                exporting.write(counted, file)
        self.say(options, f"✅ {done:,} filas en {target}")
        if options["json"]:
            self.print_json({"success": True, "file": str(target), "rows": done})


def _to_standard_output(export: Export) -> None:
    """Write only a whole file: what fails while it is made leaves standard output empty."""
    output = sys.stdout.buffer
    try:
        with exporting.spooled(export) as file:
            shutil.copyfileobj(file, output)
        output.flush()
    except BrokenPipeError:
        # Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
