"""`manage.py serve`: prepares everything, then becomes gunicorn."""

import io
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from segmentacion.http.collecting import collect
from segmentacion.mongo.clients import close_clients, main_database
from segmentacion.mongo.embedded import EmbeddedError
from segmentacion.mongo.errors import is_unreachable
from segmentacion.mongo.server import is_embedded

PYTHON = Path(sys.executable)
NEAR = PYTHON.is_relative_to(settings.BASE_DIR)  # the virtual environment that `make run` makes
MANAGE = f"{PYTHON.relative_to(settings.BASE_DIR) if NEAR else PYTHON} manage.py"


class Command(BaseCommand):
    help = "Prepara la base, los archivos estáticos y la primera cuenta, y sirve con gunicorn."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--workers", type=int, default=settings.WORKERS)
        parser.add_argument(
            "--demo", action="store_true", help="carga datos de demostración si no hay batches"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._prepare(demo=options["demo"])
        close_clients()
        os.environ.update(
            HOST=options["host"],
            PORT=str(options["port"]),
            WORKERS=str(options["workers"]),
            ANNOUNCEMENT=_announcement(options),
        )
        self._step("🚀 Servidor…")
        command = [sys.executable, "-m", "gunicorn", "-c", "python:segmentacion.gunicorn_config"]
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, command)  # noqa: S606

    def _prepare(self, *, demo: bool) -> None:
        name = "MongoDB incluido" if is_embedded() else "MongoDB"
        self._step(f"🗄️  {name}…")
        try:
            main_database().command("ping")
            self._step("🧱 Migraciones…")
            call_command("migrate", verbosity=0, interactive=False)
            call_command("setup_access", stdout=self.stdout)
            call_command("restore", "--resume", stdout=io.StringIO())
            self._recover_images()
            if demo:
                call_command("load_demo", stdout=self.stdout)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        except Exception as error:
            if is_unreachable(error):
                raise CommandError(f"DB no disponible: {error}") from error
            raise
        self._step("🎨 Archivos estáticos…")
        collect()

    def _recover_images(self) -> None:
        """Put the image folders in order; that they cannot be used is no reason not to serve."""
        try:
            call_command("intake", "recover", stdout=io.StringIO())
        except CommandError as error:
            self._step(f"⚠️  Imágenes: {error}")

    def _step(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _announcement(options: dict[str, Any]) -> str:
    """Return what gunicorn prints once it listens: where to go, how to log in, how to stop."""
    host = options["host"]
    shown = "localhost" if host in {"0.0.0.0", "::", "127.0.0.1"} else host  # noqa: S104
    return "\n".join(
        [
            "",
            f"✅ Segmentación en http://{shown}:{options['port']}/dashboard",
            f"   Entra con la cuenta de administración ({settings.ADMIN_USERNAME}). ¿Olvidaste la",
            f"   contraseña? «{MANAGE} changepassword {settings.ADMIN_USERNAME}»",
            "   Ctrl+C para detener.",
        ]
    )
