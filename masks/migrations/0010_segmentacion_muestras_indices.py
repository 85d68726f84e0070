from typing import Any

from django.db import migrations

from masks.models import ArchivePreview
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(ArchivePreview)


class Migration(migrations.Migration):
    dependencies = [("masks", "0009_segmentacion_imagenes_indices")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
