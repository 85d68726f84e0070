"""Tokens get a scope and an end; the log of accesses and the counts of logins their indexes."""

from typing import Any

from django.db import migrations, models

from crew.models import AUDIT
from segmentacion.http.pauses import COLLECTION as ATTEMPTS
from segmentacion.mongo.clients import main_collection


def create_indexes(apps: Any, schema_editor: Any) -> None:
    log = main_collection(AUDIT)
    log.create_index([("at", -1), ("_id", -1)])
    log.create_index([("kind", 1), ("at", -1), ("_id", -1)])
    log.create_index([("who", 1), ("at", -1), ("_id", -1)])
    log.create_index("expires_at", expireAfterSeconds=0)
    attempts = main_collection(ATTEMPTS)
    attempts.create_index("account")
    attempts.create_index("expires_at", expireAfterSeconds=0)


class Migration(migrations.Migration):
    dependencies = [("crew", "0002_segmentacion_indices")]
    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="expires_at",
            field=models.DateTimeField(null=True, verbose_name="caduca"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="scope",
            field=models.CharField(
                default="write", max_length=20, null=True, verbose_name="alcance"
            ),
        ),
        migrations.RunPython(create_indexes, migrations.RunPython.noop),
    ]
