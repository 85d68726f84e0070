from typing import Any

from django.db import migrations

from masks.models import IntakeImage
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(IntakeImage)


class Migration(migrations.Migration):
    dependencies = [("masks", "0008_segmentacion_imagenes")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
