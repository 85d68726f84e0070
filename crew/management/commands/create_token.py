"""`manage.py create_token USER`: prints a new API token, and nothing else."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from crew.rules import Scope
from crew.tokens import create_token
from segmentacion.reporting import DatabaseCommand


class Command(DatabaseCommand):
    help = "Crea un token de API para una cuenta y lo imprime; no se puede volver a ver."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="nombre de usuario de la cuenta")
        parser.add_argument("--name", default="", help="para qué es, por ejemplo «respaldo»")
        parser.add_argument(
            "--scope",
            choices=[scope.value for scope in Scope],
            default=Scope.WRITE.value,
            help="write: lo que su cuenta (lo normal); read: solo leer; prometheus: solo "
            "/metrics/prometheus",
        )
        parser.add_argument("--days", type=int, help="días que sirve; si no, hasta revocarlo")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = create_token(
                options["user"],
                name=options["name"],
                scope=Scope(options["scope"]),
                days=options["days"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(token)
