from typing import Any

from django.db import migrations

from masks.models import CatalogueFile
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(CatalogueFile)


class Migration(migrations.Migration):
    dependencies = [("masks", "0004_segmentacion_catalogo_indices")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
