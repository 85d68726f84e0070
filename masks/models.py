"""Documents of the mask sync."""

from typing import Any, ClassVar

from django.db import models

from segmentacion.mongo.fields import StoredField
from segmentacion.mongo.indexes import PlainIndex


class SyncRun(models.Model):
    """One run of the sync: when, by whom, how it ended, and its report."""

    COLLECTION: ClassVar[str] = "sync_runs"
    INDEXES: ClassVar[list[PlainIndex]] = [
        PlainIndex([("started_at", -1)]),
        PlainIndex([("outcome", 1), ("finished_at", -1)]),
    ]

    key = models.CharField(primary_key=True, max_length=24, db_column="_id")
    started_at = models.DateTimeField("inicio")
    finished_at = models.DateTimeField("fin", null=True)
    outcome = models.CharField("resultado", max_length=16)
    who = models.CharField("quién", max_length=150)
    channel = models.CharField("canal", max_length=16)
    report: Any = StoredField("reporte")

    class Meta:
        db_table = "sync_runs"
        managed = False
        ordering: ClassVar[list[str]] = ["-started_at"]
        verbose_name = "sincronización"
        verbose_name_plural = "sincronizaciones"

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.outcome}"
