from typing import Any

from django.db import migrations

from masks.models import ArchivePreview, MaskUpload
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(MaskUpload)
    ensure_declared(ArchivePreview)


class Migration(migrations.Migration):
    dependencies = [("masks", "0006_segmentacion_cargas")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
