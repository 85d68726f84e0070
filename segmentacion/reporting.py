"""What commands share in how they report: `--json`, progress on standard error, confirmation.

With `--json` a command prints one JSON object on standard output and nothing else.
"""

import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from segmentacion.http.json import dumps
from segmentacion.mongo.errors import database_cause, is_permission_error, is_unreachable


class DatabaseCommand(BaseCommand):
    """A command that says in Spanish, and with exit code 1, that a database did not answer."""

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute(*args, **options)
        except CommandError:
            raise
        except Exception as error:
            if is_unreachable(error) or is_permission_error(error):
                raise self.fail(options, f"DB no disponible: {database_cause(error)}") from error
            raise

    def fail(self, options: dict[str, Any], message: str, **extra: Any) -> CommandError:
        """Return the error to raise: with `--json` it is printed as the report, too."""
        if options.get("json"):
            report = {"success": False, "error": message, **extra}
            self.stdout.write(dumps(report).decode())
        return CommandError(f"❌ {message}")


class ReportCommand(DatabaseCommand):
    """A command with a report for people (Spanish) and for programs (`--json`).

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """

    confirms = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="imprime el reporte como un objeto JSON y nada más"
        )
        if self.confirms:
            parser.add_argument(
                "--yes", action="store_true", help="no pregunta antes de cambiar o quitar"
            )

    def say(self, options: dict[str, Any], text: str = "") -> None:
        """Print a line of the report for people; nothing with `--json`."""
        if not options["json"]:
            self.stdout.write(text)

    def print_json(self, value: Any) -> None:
        self.stdout.write(dumps(value).decode())

    def confirm(self, options: dict[str, Any], question: str) -> None:
        """Ask before a change. Raises CommandError when the answer is not yes, or when nobody
        can be asked (no terminal) and `--yes` was not given."""
        if options["yes"]:
            return
        if not sys.stdin.isatty():
            raise self.fail(options, f"{question} Nadie puede contestar aquí: usa --yes.")
        self.stderr.write(f"{question} Escribe «sí» para seguir: ", ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().casefold() not in {"sí", "si", "s", "yes", "y"}:
            raise self.fail(options, "Cancelado: no se cambió nada.")

    def list_some(self, options: dict[str, Any], lines: Iterable[str], *, limit: int = 20) -> None:
        """Print lines, the first ones only when there are many, and how many more there are."""
        shown = list(lines)
        for line in shown[:limit]:
            self.say(options, f"   • {line}")
        if len(shown) > limit:
            self.say(options, f"   … y {len(shown) - limit:,} más")


def progress_bar(total: int | None, label: str, *, unit: str = "batch") -> "tqdm[Any]":
    """Return a progress bar on standard error; silent where that is not a terminal."""
    return tqdm(
        total=total,
        desc=label,
        unit=f" {unit}",
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
        leave=False,
        dynamic_ncols=True,
    )
