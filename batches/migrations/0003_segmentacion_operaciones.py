from typing import Any

from django.db import migrations

from batches.models import Batch
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.indexes import PlainIndex, ensure_declared, ensure_index


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(Batch)
    operations = main_collection("operations")
    ensure_index(operations, PlainIndex([("operation", 1), ("part", 1)]))
    ensure_index(operations, PlainIndex([("at", -1)]))
    ensure_index(operations, PlainIndex([("who", 1), ("at", -1)]))
    ensure_index(main_collection("trash"), PlainIndex([("kind", 1), ("at", -1)]))
    ensure_index(main_collection("trash"), PlainIndex([("operation", 1)]))
    # Kept counts of days gone by, and sessions that ended, go by themselves.
    main_collection("app_state").create_index("at", expireAfterSeconds=2 * 24 * 3600)
    _let_sessions_end()


def _let_sessions_end() -> None:
    """Give Django's index on the end of sessions a time to live.

    Made anew: `collMod` would ask for more than the right to read and write.
    """
    sessions = main_collection("django_session")
    for name, index in sessions.index_information().items():
        if index["key"] == [("expire_date", 1)] and "expireAfterSeconds" not in index:
            sessions.drop_index(name)
            sessions.create_index("expire_date", name=name, expireAfterSeconds=0)


class Migration(migrations.Migration):
    dependencies = [
        ("batches", "0002_segmentacion_indices"),
        ("sessions", "0001_mongo_inicial"),
    ]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
