"""The document of a batch, and the indexes its reads need."""

from typing import Any, ClassVar

from django.db import models

from crew.models import AnyIdField
from segmentacion.mongo.fields import StoredField
from segmentacion.mongo.indexes import PlainIndex

# The name under which writes of batches raise the data version.
DATA_VERSION = "batches"
# The same for which batches there are: created, restored, removed, or given another id. An
# incremental sync knows only the batches of the last full one.
IDS_VERSION = "batch_ids"


class Batch(models.Model):
    """A batch, for the admin and for the schema. Written by batches.services only.

    `history` is not a field: `save()` would write it back whole. `metadata` and `file_info` are
    read as they are stored, because older programs left odd values in them.
    """

    COLLECTION: ClassVar[str] = "batches"
    INDEXES: ClassVar[list[PlainIndex]] = [
        PlainIndex([("id", 1)], unique=True),
        PlainIndex([("assignee", 1), ("status", 1), ("id", 1)]),
        PlainIndex([("assignee", 1), ("id", 1)]),
        PlainIndex(
            [
                ("assignee", 1),
                ("status", 1),
                ("metadata.priority", 1),
                ("metadata.due_date", 1),
                ("id", 1),
            ]
        ),
        PlainIndex([("status", 1), ("id", 1)]),
        PlainIndex([("mongo_uploaded", 1), ("id", 1)]),
        PlainIndex([("metadata.priority", 1), ("id", 1)]),
        PlainIndex([("metadata.review_status", 1), ("id", 1)]),
        PlainIndex([("metadata.due_date", 1), ("id", 1)]),
        PlainIndex([("file_info.last_file_upload", 1), ("id", 1)]),
        PlainIndex([("updated_at", 1), ("id", 1)]),
        PlainIndex([("mask_verdict.kind", 1), ("id", 1)]),
    ]

    key = AnyIdField(primary_key=True, db_column="_id")
    batch_id = models.CharField("batch", max_length=64, db_column="id")
    folder = models.CharField("carpeta", max_length=1024, blank=True, null=True)
    assignee = models.CharField("responsable", max_length=80, blank=True, null=True)
    status = models.CharField("estatus", max_length=8, null=True)
    comments = models.TextField("comentarios", blank=True, null=True)
    mongo_uploaded = StoredField("cargado a Mongo")
    file_info = StoredField("archivos")
    mask_verdict = StoredField("veredicto de las máscaras")
    metadata = StoredField("datos")
    version = models.IntegerField("versión", null=True)
    created_at = StoredField("creado")
    updated_at = StoredField("actualizado")
    completed_at = StoredField("terminado")
    reviewed_at = StoredField("revisado")

    class Meta:
        db_table = "batches"
        managed = False
        ordering: ClassVar[list[str]] = ["batch_id"]
        verbose_name = "batch"
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return str(self.batch_id)


def empty_metadata() -> dict[str, Any]:
    """Return the metadata of a batch nobody has touched yet."""
    return {
        "assigned_at": None,
        "due_date": None,
        "priority": "media",
        "review_status": "Pendiente",
        "total_masks": 0,
        "completed_masks": 0,
    }


def empty_file_info() -> dict[str, Any]:
    """Return the file_info of a batch without files in the store."""
    return {"file_count": 0, "last_file_upload": None, "has_files": False, "files": []}
