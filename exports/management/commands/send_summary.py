"""`manage.py send_summary`: to the leads, the summary of the team as CSV and Excel."""

from typing import Any

from django.core.management.base import CommandParser

from exports.management.mailing import MailCommand
from exports.services.mailing import MailPlan, plan_summary


class Command(MailCommand):
    help = (
        "Envía por correo el resumen del equipo (CSV y Excel) a los líderes, una vez por semana. "
        "Códigos de salida: 0 hecho, 1 falló, 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--to",
            nargs="+",
            default=[],
            metavar="CORREO",
            help="a estas direcciones; si no, a SUMMARY_MAIL_TO o a las cuentas de Líder",
        )

    def plan(self, options: dict[str, Any]) -> MailPlan:
        return plan_summary(options["to"])
