"""What is counted for limits removes itself once its window is over."""

from django.db import migrations

from segmentacion.mongo.clients import main_collection


def create_index(apps, schema_editor):
    main_collection("rate_limits").create_index("expires_at", expireAfterSeconds=0)


class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.RunPython(create_index, migrations.RunPython.noop)]
