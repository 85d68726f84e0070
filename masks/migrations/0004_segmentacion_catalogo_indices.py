from typing import Any

from django.db import migrations

from masks.models import ArchiveVerdict, CatalogueFile
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(CatalogueFile)
    ensure_declared(ArchiveVerdict)


class Migration(migrations.Migration):
    dependencies = [("masks", "0003_segmentacion_catalogo")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
