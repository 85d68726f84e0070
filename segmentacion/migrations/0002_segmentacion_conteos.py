"""Counts of routes and commands that are not used any more, and old days, remove themselves."""

from django.db import migrations

from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.tallies import DAYS, KEPT_DAYS, TALLIES


def create_indexes(apps, schema_editor):
    for name in (TALLIES, DAYS):
        main_collection(name).create_index("at", expireAfterSeconds=KEPT_DAYS * 24 * 3600)


class Migration(migrations.Migration):
    dependencies = [("segmentacion", "0001_segmentacion_limites")]
    operations = [migrations.RunPython(create_indexes, migrations.RunPython.noop)]
