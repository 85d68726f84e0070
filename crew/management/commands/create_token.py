"""`manage.py create_token USER`: prints a new API token, and nothing else."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from crew.tokens import create_token
from segmentacion.reporting import DatabaseCommand


class Command(DatabaseCommand):
    help = "Crea un token de API para una cuenta y lo imprime; no se puede volver a ver."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="nombre de usuario de la cuenta")
        parser.add_argument("--name", default="", help="para qué es, por ejemplo «respaldo»")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(create_token(options["user"], name=options["name"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
