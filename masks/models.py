"""Documents of the masks app: runs of the sync, the catalogue of the store, verdicts, previews,
uploads, images of the intake."""

from typing import Any, ClassVar

from django.db import models

from crew.models import AnyIdField
from segmentacion.mongo.fields import StoredField
from segmentacion.mongo.indexes import PlainIndex

# The names under which the catalogue raises data versions: a sync that changed something, and
# verdicts that reached its files.
SYNC_VERSION = "sync"
VERDICTS_VERSION = "verdicts"


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


class CatalogueFile(models.Model):
    """A file of the mask store as the catalogue knows it (docs/decisions/0014).

    `filename` and `uploadDate` have the store's own names: two index scans are compared.
    """

    COLLECTION: ClassVar[str] = "mask_files"
    INDEXES: ClassVar[list[PlainIndex]] = [
        PlainIndex([("here", 1), ("filename", 1), ("uploadDate", 1)]),
        PlainIndex([("here", 1), ("uploadDate", -1), ("_id", -1)]),
        PlainIndex([("batches", 1), ("here", 1), ("uploadDate", -1)]),
        PlainIndex([("here", 1), ("verdict.kind", 1), ("uploadDate", -1), ("_id", -1)]),
        PlainIndex([("here", 1), ("uploaded_by", 1), ("uploadDate", -1), ("_id", -1)]),
        PlainIndex(
            [("conflict", 1), ("here", 1), ("uploadDate", -1), ("_id", -1)],
            where={"conflict": True},
        ),
    ]

    key = AnyIdField(primary_key=True, db_column="_id")
    filename = StoredField("nombre")
    upload_date = StoredField("subido", db_column="uploadDate")
    length = StoredField("bytes")
    uploaded_by = StoredField("quién")
    declared = StoredField("batch declarado")
    batches = StoredField("batches")
    conflict = models.BooleanField("conflicto", default=False)
    here = models.BooleanField("está", default=True)
    seen_at = models.DateTimeField("visto", null=True)
    gone_at = models.DateTimeField("borrado", null=True)
    verdict = StoredField("veredicto")

    class Meta:
        db_table = "mask_files"
        managed = False
        verbose_name = "archivo de máscaras"
        verbose_name_plural = "archivos de máscaras"


class ArchiveVerdict(models.Model):
    """What verifying a file's content found; by file id, never in the store."""

    COLLECTION: ClassVar[str] = "mask_verdicts"
    INDEXES: ClassVar[list[PlainIndex]] = [PlainIndex([("kind", 1), ("checked_at", -1)])]

    key = AnyIdField(primary_key=True, db_column="_id")
    length = StoredField("bytes")
    kind = models.CharField("veredicto", max_length=16)
    reason = models.TextField("razón", blank=True)
    counts = StoredField("cuentas")
    members = StoredField("archivos")
    checked_at = models.DateTimeField("verificado")

    class Meta:
        db_table = "mask_verdicts"
        managed = False
        verbose_name = "veredicto"
        verbose_name_plural = "veredictos"


class MaskUpload(models.Model):
    """An archive that somebody uploads through our page, recorded before its first chunk.

    The id is the file's in the store: what is found there under it is ours, and only that.
    `alive_at` moves while its worker writes; both times are the main server's clock.
    """

    COLLECTION: ClassVar[str] = "mask_uploads"
    INDEXES: ClassVar[list[PlainIndex]] = [
        PlainIndex([("batch_id", 1), ("sha256", 1)]),
        PlainIndex([("state", 1), ("alive_at", 1)]),
    ]

    key = AnyIdField(primary_key=True, db_column="_id")
    batch_id = models.CharField("batch", max_length=64)
    filename = models.CharField("nombre", max_length=200)
    uploaded_by = models.CharField("quién", max_length=150)
    length = StoredField("bytes")
    sha256 = models.CharField("SHA-256", max_length=64)
    state = models.CharField("estado", max_length=16)
    started_at = models.DateTimeField("inicio")
    alive_at = models.DateTimeField("en curso")

    class Meta:
        db_table = "mask_uploads"
        managed = False
        verbose_name = "subida de máscaras"
        verbose_name_plural = "subidas de máscaras"


class ArchivePreview(models.Model):
    """The contact sheet of a file's masks, by file id; `length` tells whether it still fits."""

    COLLECTION: ClassVar[str] = "mask_previews"
    INDEXES: ClassVar[list[PlainIndex]] = [PlainIndex([("made_at", -1), ("_id", -1)])]

    key = AnyIdField(primary_key=True, db_column="_id")
    length = StoredField("bytes")
    image = StoredField("imagen")
    shown = StoredField("máscaras mostradas")
    total = StoredField("máscaras")
    made_at = models.DateTimeField("hecha")

    class Meta:
        db_table = "mask_previews"
        managed = False
        verbose_name = "muestra de máscaras"
        verbose_name_plural = "muestras de máscaras"


class IntakeImage(models.Model):
    """An image on its way through the intake (docs/decisions/0027).

    `folder` is the id of the set of folders it is in, `name` what it was called in source, `file`
    its name on disk now. `live`: it is in images_sources, where no two files share a name.
    """

    COLLECTION: ClassVar[str] = "intake_images"
    INDEXES: ClassVar[list[PlainIndex]] = [
        PlainIndex([("folder", 1), ("file", 1)], unique=True, where={"live": True}),
        PlainIndex([("folder", 1), ("state", 1), ("position", 1)]),
        PlainIndex([("folder", 1), ("position", -1)]),
        PlainIndex([("folder", 1), ("updated_at", -1), ("_id", -1)]),
        PlainIndex([("sha256", 1)]),
    ]

    key = AnyIdField(primary_key=True, db_column="_id")
    folder = models.CharField("carpeta", max_length=64)
    name = models.CharField("nombre", max_length=1024)
    file = models.CharField("archivo", max_length=1024)
    position = StoredField("orden")
    state = models.CharField("estado", max_length=16)
    live = models.BooleanField("en proceso", default=False)
    length = StoredField("bytes")
    sha256 = models.CharField("SHA-256", max_length=64)
    attempts = StoredField("intentos")
    error = StoredField("error")
    code = models.CharField("código", max_length=200)
    updated_at = models.DateTimeField("cambio")
    archived_at = models.DateTimeField("archivada", null=True)

    class Meta:
        db_table = "intake_images"
        managed = False
        verbose_name = "imagen"
        verbose_name_plural = "imágenes"
