"""`manage.py mongo status|start|stop`: the embedded MongoDB server."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from segmentacion.mongo.embedded import EmbeddedError, Status
from segmentacion.mongo.server import embedded_server, is_embedded
from segmentacion.reporting import ReportCommand


class Command(ReportCommand):
    help = "Muestra, arranca o detiene el MongoDB incluido (solo si MONGO_URI no está definida)."
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["status", "start", "stop"])
        parser.add_argument(
            "--force", action="store_true", help="detiene aunque otros procesos lo usen"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_embedded():
            raise self.fail(
                options,
                "MONGO_URI está definida: se usa ese servidor y aquí no se arranca ninguno.",
            )
        server = embedded_server()
        try:
            if options["action"] == "start":
                server.start(keep=True)
            elif options["action"] == "stop":
                server.stop(force=options["force"])
            status = server.status()
        except EmbeddedError as error:
            raise self.fail(options, str(error)) from error
        if options["json"]:
            self.print_json({"success": True, **_as_json(status)})
        else:
            self._show(options, status)

    def _show(self, options: dict[str, Any], status: Status) -> None:
        if not status.running:
            self.say(options, f"⏹  MongoDB incluido: detenido · datos en {status.folder}")
            return
        self.say(options, f"▶  MongoDB incluido {status.version}: pid {status.pid}")
        self.say(options, f"   {status.uri}")
        size = (status.size_bytes or 0) / 1_048_576
        self.say(options, f"   {size:,.0f} MB en {status.folder}")
        kept = "hasta «mongo stop»" if status.keep else "mientras alguien lo use"
        self.say(options, f"   Sigue en marcha {kept} · base {settings.MONGO_DB}")


def _as_json(status: Status) -> dict[str, Any]:
    return {
        "running": status.running,
        "pid": status.pid,
        "port": status.port,
        "uri": status.uri,
        "version": status.version,
        "folder": str(status.folder),
        "size_bytes": status.size_bytes,
        "keep": status.keep,
    }
