from typing import Any

from django.db import migrations

from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.indexes import PlainIndex, ensure_index


def create_indexes(apps: Any, schema_editor: Any) -> None:
    """What is kept of the figures goes by itself; renames are found among the operations."""
    kept = main_collection("metrics_cache")
    kept.create_index("expires_at", expireAfterSeconds=0)
    ensure_index(kept, PlainIndex([("token", 1), ("part", 1)]))
    people = PlainIndex([("kind", 1), ("at", 1)], where={"kind": "person"})
    ensure_index(main_collection("operations"), people)


class Migration(migrations.Migration):
    dependencies = [("batches", "0006_segmentacion_peticiones")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
