"""`manage.py unlock_login USER`: ends the pauses after wrong passwords."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from crew import audit, logins
from crew.events import Event
from segmentacion.actors import SYSTEM_ACTOR
from segmentacion.reporting import ReportCommand


class Command(ReportCommand):
    help = "Quita la espera de una cuenta después de contraseñas equivocadas, o todas con --all."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("user", nargs="?", help="nombre de usuario de la cuenta")
        parser.add_argument("--all", action="store_true", help="todas, también las de direcciones")

    def handle(self, *args: Any, **options: Any) -> None:
        user = options["user"]
        if bool(user) == options["all"]:
            raise CommandError("Di una cuenta, o --all.", returncode=2)
        audit.write(Event.UNLOCKED, actor=SYSTEM_ACTOR, about=user or "todas las cuentas")
        ended = logins.unlock_all() if options["all"] else logins.unlock(user)
        if options["json"]:
            self.print_json({"success": True, "ended": ended})
        self.say(options, f"🔓 Esperas que terminaron: {ended:,}.")
