from typing import Any

from django.db import migrations

from crew.models import Segmenter
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(Segmenter)


class Migration(migrations.Migration):
    dependencies = [("crew", "0001_segmentacion_tokens")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
