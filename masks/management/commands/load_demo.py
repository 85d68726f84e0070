"""`manage.py load_demo`: the team's first day, into an empty installation only."""

import json
from pathlib import Path
from typing import Any

from bson import json_util
from django.conf import settings
from django.core.management.base import CommandParser

from batches.models import Batch
from batches.services.importing import ImportReport, apply_plan, make_plan, read_entries
from crew.services import import_people
from masks import store
from masks.management.demo_archives import demo_archive
from masks.management.demo_past import invent_past
from segmentacion.actors import SYSTEM_ACTOR, new_operation
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.server import is_embedded
from segmentacion.reporting import DatabaseCommand

DEMO = Path(settings.BASE_DIR) / "demo"


class Command(DatabaseCommand):
    help = (
        "Carga el primer día del equipo (429 batches, 125 archivos de máscaras). Solo en una "
        "instalación vacía; los archivos, solo en el MongoDB incluido."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--past-weeks", type=int, choices=range(1, 53), metavar="1-52",
            help="inventa además semanas de trabajo ya hecho, para ver Métricas",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if main_collection(Batch.COLLECTION).find_one({}, {"_id": 1}):
            self.stdout.write("📦 Ya hay batches: no se cargan datos de demostración.")
            return
        import_people(json.loads((DEMO / "crew.json").read_text(encoding="utf-8")))
        operation = new_operation()
        report = ImportReport(operation)
        plan = make_plan(read_entries(DEMO / "batches.json"))
        for _ in apply_plan(plan, actor=SYSTEM_ACTOR, operation=operation, report=report):
            pass
        self.stdout.write(f"📦 Datos de demostración: {report.created} batches")
        if options["past_weeks"]:
            acts = invent_past(options["past_weeks"], DEMO / "mask_files.json")
            self.stdout.write(f"   {acts} actos inventados de las últimas semanas")
        self._files()

    def _files(self) -> None:
        """Put the demo's file documents where no other program's store is at risk."""
        if (
            not is_embedded()
            or settings.TRAINING_MONGO_URI
            or store.files().find_one({}, {"_id": 1})
        ):
            self.stdout.write("   El almacén de máscaras es de otros programas: no se toca.")
            return
        documents = json_util.loads((DEMO / "mask_files.json").read_text(encoding="utf-8"))
        contents = [
            demo_archive(document["filename"], place) for place, document in enumerate(documents)
        ]
        self.stdout.write(f"   {store.put_demo_files(documents, contents)} archivos de máscaras")
