"""Documents of the exports app: backups made, and restores with the step they are at."""

from typing import Any, ClassVar

from django.db import models

from segmentacion.mongo.fields import StoredField
from segmentacion.mongo.indexes import PlainIndex


class BackupRecord(models.Model):
    """A backup that was tried: its file, what checking it found, or why there is none."""

    COLLECTION: ClassVar[str] = "backups"
    INDEXES: ClassVar[list[PlainIndex]] = [
        PlainIndex([("created_at", -1)]),
        PlainIndex([("verdict", 1), ("created_at", -1)]),
    ]

    key = models.CharField(primary_key=True, max_length=24, db_column="_id")
    file = models.CharField("archivo", max_length=1024)
    kind = models.CharField("tipo", max_length=16)
    created_at = models.DateTimeField("hecho")
    checked_at = models.DateTimeField("comprobado", null=True)
    verdict = models.CharField("resultado", max_length=16)
    size = models.BigIntegerField("bytes", null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    counts: Any = StoredField("cuentas")
    note = models.TextField("nota", blank=True)
    error = models.TextField("error", blank=True)

    class Meta:
        db_table = "backups"
        managed = False
        verbose_name = "respaldo"
        verbose_name_plural = "respaldos"


class RestoreJournal(models.Model):
    """A restore: which file, at which step, and what is left to do should it be cut off."""

    COLLECTION: ClassVar[str] = "restores"
    INDEXES: ClassVar[list[PlainIndex]] = [PlainIndex([("step", 1), ("started_at", -1)])]

    key = models.CharField(primary_key=True, max_length=24, db_column="_id")
    file = models.CharField("archivo", max_length=1024)
    step = models.CharField("paso", max_length=16)
    started_at = models.DateTimeField("inicio")
    safety = models.CharField("respaldo previo", max_length=1024, blank=True)
    renames: Any = StoredField("cambios de nombre")

    class Meta:
        db_table = "restores"
        managed = False
        verbose_name = "restauración"
        verbose_name_plural = "restauraciones"


class Mailing(models.Model):
    """A mail of a campaign to one recipient: how far it is, how often it was tried, and why not."""

    COLLECTION: ClassVar[str] = "mailings"
    INDEXES: ClassVar[list[PlainIndex]] = [PlainIndex([("campaign", 1), ("kind", 1)])]

    key = models.CharField(primary_key=True, max_length=400, db_column="_id")
    campaign = models.CharField("campaña", max_length=16)
    kind = models.CharField("tipo", max_length=16)
    recipient = models.CharField("para", max_length=254)
    address = models.CharField("correo", max_length=254)
    state = models.CharField("estado", max_length=16)
    attempts = models.IntegerField("intentos")
    error = models.TextField("error", blank=True)
    message_id = models.CharField("Message-ID", max_length=320)
    who = models.CharField("quién", max_length=150)
    at = models.DateTimeField("cuándo")

    class Meta:
        db_table = "mailings"
        managed = False
        verbose_name = "correo"
        verbose_name_plural = "correos"
