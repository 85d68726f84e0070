"""`manage.py intake`: the images that come in, from source/ to images_old/."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from masks.intake.services import TROUBLES, ImageError, IntakeError
from masks.management import intake
from segmentacion.mongo.leases import LeaseLost
from segmentacion.reporting import ReportCommand

ACTIONS = {
    "status": "cómo va",
    "process": "procesa la imagen actual, o toma la siguiente",
    "upload": "sube la actual, la confirma, la archiva y toma la siguiente",
    "run": "trabaja todo lo que espera",
    "watch": "se queda y trabaja lo que va llegando",
    "recover": "deja todo en orden después de un corte",
    "retry": "vuelve a intentar lo que necesita a una persona",
    "force-archive": "emergencia: archiva sin confirmar que está subida",
}


class Command(ReportCommand):
    help = (
        "Entrada de imágenes: source → images_sources → MongoDB → images_old. Códigos de salida: "
        "0 hecho, 1 falló o quedaron imágenes que necesitan a una persona, 2 mal uso."
    )
    confirms = True

    def add_arguments(self, parser: CommandParser) -> None:
        what = "; ".join(f"{action}: {does}" for action, does in ACTIONS.items())
        parser.add_argument("action", choices=[*ACTIONS], metavar="ACCIÓN", help=what)
        parser.add_argument("images", nargs="*", metavar="IMAGEN", help="retry, force-archive")
        parser.add_argument("--reason", default="", help="force-archive: por qué")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        action, images = options["action"], options["images"]
        most = {"retry": len(images), "force-archive": 1}.get(action, 0)
        if len(images) > most:
            raise CommandError(f"«{action}» no lleva esas imágenes.", returncode=2)
        if action == "force-archive":
            which = repr(images[0]) if images else "la imagen actual"
            self.confirm(options, f"Se archivará {which} sin saber si está en MongoDB.")
        try:
            report, lines, well = intake.ACTIONS[action](self, options)
        except LeaseLost as error:
            raise self.fail(options, "Otro proceso tomó estas carpetas.") from error
        except ImageError as error:
            raise self.fail(options, f"{error.name!r}: {error}", state=error.state) from error
        except (IntakeError, *TROUBLES) as error:
            raise self.fail(options, str(error)) from error
        if options["json"]:
            self.print_json(report)
        for line in lines:
            self.say(options, line)
        if not well:
            raise SystemExit(1)
