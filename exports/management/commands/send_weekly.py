"""`manage.py send_weekly`: the week's mail, workloads and summary; for timers, and for `serve`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from exports.management.mailing import MailCommand
from exports.services.mailing import (
    MailBusyError,
    MailError,
    MailPlan,
    MailServerError,
    plan_summary,
    plan_workloads,
)
from exports.services.mailing.weekly import end_turn, take_turn


class Command(MailCommand):
    help = (
        "Envía por correo lo de la semana: a cada persona su carga y a los líderes el resumen. "
        "Códigos de salida: 0 hecho, 1 falló, 2 mal uso."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--if-due", action="store_true", help="solo si ya es la hora de WEEKLY_MAIL y no se ha"
            " enviado esta semana",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["if_due"]:
            super().handle(*args, **options)
            return
        if not take_turn():
            self.say(options, "No toca.")
            if options["json"]:
                self.print_json({"success": True, "due": False})
            return
        try:
            super().handle(*args, **options)
        except CommandError as error:
            if not isinstance(error.__cause__, MailServerError | MailBusyError):
                end_turn()  # it went out, but for what failed for good
            raise
        end_turn()

    def plan(self, options: dict[str, Any]) -> MailPlan:
        plan = plan_workloads()
        try:
            plan.messages += plan_summary().messages
        except MailError as error:  # nobody to send it to keeps nobody from the own workload
            self.stderr.write(f"⚠️  {error}")
        return plan
