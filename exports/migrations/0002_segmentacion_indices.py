from typing import Any

from django.db import migrations

from exports.models import BackupRecord, RestoreJournal
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(BackupRecord)
    ensure_declared(RestoreJournal)


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_segmentacion_inicial")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
