from typing import Any

from django.db import migrations

from masks.models import SyncRun
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(SyncRun)


class Migration(migrations.Migration):
    dependencies = [("masks", "0001_segmentacion_inicial")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
