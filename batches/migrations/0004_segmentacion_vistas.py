from typing import Any

from django.db import migrations

from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.indexes import PlainIndex, ensure_index


def create_indexes(apps: Any, schema_editor: Any) -> None:
    views = main_collection("saved_views")
    ensure_index(views, PlainIndex([("owner", 1), ("name", 1)], unique=True))
    ensure_index(views, PlainIndex([("default_for", 1)]))
    operations = main_collection("operations")
    ensure_index(operations, PlainIndex([("undo_of", 1)]))
    ensure_index(operations, PlainIndex([("part", 1), ("at", -1), ("_id", -1)]))
    ensure_index(operations, PlainIndex([("part", 1), ("who", 1), ("at", -1), ("_id", -1)]))
    ensure_index(operations, PlainIndex([("part", 1), ("kind", 1), ("at", -1), ("_id", -1)]))
    ensure_index(operations, PlainIndex([("part", 1), ("fields", 1), ("at", -1), ("_id", -1)]))
    ensure_index(main_collection("trash"), PlainIndex([("key", 1)]))


class Migration(migrations.Migration):
    dependencies = [("batches", "0003_segmentacion_operaciones")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
