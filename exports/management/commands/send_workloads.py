"""`manage.py send_workloads`: to each active person, the own batches as CSV to fill in."""

from typing import Any

from django.core.management.base import CommandParser

from exports.management.mailing import MailCommand
from exports.services.mailing import MailPlan, plan_workloads


class Command(MailCommand):
    help = (
        "Envía por correo a cada persona en activo su carga de trabajo (CSV), una vez por semana. "
        "Códigos de salida: 0 hecho, 1 falló, 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--person", nargs="+", default=[], metavar="NOMBRE", help="solo a estas personas"
        )

    def plan(self, options: dict[str, Any]) -> MailPlan:
        return plan_workloads(options["person"])
