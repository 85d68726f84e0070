from typing import Any

from django.db import migrations, models

from exports.models import Mailing
from segmentacion.mongo.indexes import ensure_declared


def create_indexes(apps: Any, schema_editor: Any) -> None:
    ensure_declared(Mailing)


class Migration(migrations.Migration):
    dependencies = [("exports", "0002_segmentacion_indices")]
    operations = [
        migrations.CreateModel(
            name="Mailing",
            fields=[
                ("key", models.CharField(db_column="_id", max_length=400, primary_key=True, serialize=False)),
                ("campaign", models.CharField(max_length=16, verbose_name="campaña")),
                ("kind", models.CharField(max_length=16, verbose_name="tipo")),
                ("recipient", models.CharField(max_length=254, verbose_name="para")),
                ("address", models.CharField(max_length=254, verbose_name="correo")),
                ("state", models.CharField(max_length=16, verbose_name="estado")),
                ("attempts", models.IntegerField(verbose_name="intentos")),
                ("error", models.TextField(blank=True, verbose_name="error")),
                ("message_id", models.CharField(max_length=320, verbose_name="Message-ID")),
                ("who", models.CharField(max_length=150, verbose_name="quién")),
                ("at", models.DateTimeField(verbose_name="cuándo")),
            ],
            options={
                "verbose_name": "correo",
                "verbose_name_plural": "correos",
                "db_table": "mailings",
                "managed": False,
            },
        ),
        migrations.RunPython(create_indexes, migrations.RunPython.noop),
    ]
