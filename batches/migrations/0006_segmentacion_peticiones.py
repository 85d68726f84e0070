from typing import Any

from django.db import migrations

from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.requests import COLLECTION, KEPT_SECONDS


def create_indexes(apps: Any, schema_editor: Any) -> None:
    main_collection(COLLECTION).create_index("at", expireAfterSeconds=KEPT_SECONDS)


class Migration(migrations.Migration):
    dependencies = [("batches", "0005_segmentacion_veredictos")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
