from typing import Any

from django.db import migrations

from batches.models import Batch
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(Batch)


class Migration(migrations.Migration):
    dependencies = [("batches", "0004_segmentacion_vistas")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
