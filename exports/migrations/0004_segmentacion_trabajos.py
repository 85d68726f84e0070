from typing import Any

from django.db import migrations

from exports.services import importing
from exports.services.jobs import records
from segmentacion.mongo.clients import main_collection


def create_indexes(apps: Any, schema_editor: Any) -> None:
    kept = {
        importing.COLLECTION: importing.KEPT_SECONDS,
        records.COLLECTION: records.KEPT_SECONDS,
        records.ROWS: records.KEPT_SECONDS,
    }
    for name, seconds in kept.items():
        main_collection(name).create_index("at", expireAfterSeconds=seconds)
    main_collection(records.ROWS).create_index([("job", 1), ("n", 1)])


class Migration(migrations.Migration):
    dependencies = [("exports", "0003_segmentacion_correos")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
