"""Documents of the crew. No logic here: writes are in services.py, reads in queries.py."""

from typing import Any, ClassVar

from bson import ObjectId
from bson.errors import InvalidId
from django.db import models
from django.utils import timezone
from django_mongodb_backend.fields import ObjectIdAutoField

from crew import rules
from crew.rules import SCOPES, Scope
from segmentacion.mongo.fields import StoredField
from segmentacion.mongo.indexes import PlainIndex

AUDIT = "audit_log"  # written by crew/audit.py, read by crew/queries.py


class AnyIdField(ObjectIdAutoField):
    """The `_id` of a document that another program may have written: an ObjectId or any text."""

    def to_python(self, value: Any) -> Any:
        """Return an ObjectId where the value is one, else the value as it is."""
        try:
            return ObjectId(value)
        except (InvalidId, TypeError):
            return value


class Segmenter(models.Model):
    """A member of the crew. `name` is what batches carry as `assignee`."""

    COLLECTION: ClassVar[str] = "segmentadores"
    INDEXES: ClassVar[list[PlainIndex]] = [PlainIndex([("name", 1)], unique=True)]

    key = AnyIdField(primary_key=True, db_column="_id")
    name = models.CharField("nombre", max_length=rules.MAX_NAME)
    role = models.CharField(
        "rol", max_length=rules.MAX_NAME, default=rules.DEFAULT_JOB, blank=True, null=True
    )
    email = models.EmailField("correo", blank=True, default="", null=True)
    active = models.BooleanField("en activo", default=True, null=True)
    created_at = StoredField("alta")
    login = models.CharField(
        "cuenta",
        max_length=150,
        blank=True,
        default="",
        null=True,
        help_text="Nombre de usuario con el que esta persona entra al sistema.",
    )

    class Meta:
        db_table = "segmentadores"
        managed = False
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = "segmentador"
        verbose_name_plural = "segmentadores"

    def __str__(self) -> str:
        return str(self.name)


class ApiToken(models.Model):
    """A program's key to the API: only its SHA-256 is kept."""

    digest = models.CharField(max_length=64, unique=True)
    username = models.CharField("cuenta", max_length=150)
    name = models.CharField("nombre", max_length=80, blank=True, default="")
    # What it may do of what its account may: tokens of before have none here, and may all.
    scope = models.CharField("alcance", max_length=20, default=Scope.WRITE.value, null=True)
    created_at = models.DateTimeField("creado")
    expires_at = models.DateTimeField("caduca", null=True)
    last_used_at = models.DateTimeField("último uso", null=True)
    revoked_at = models.DateTimeField("revocado", null=True)

    class Meta:
        db_table = "api_tokens"
        ordering: ClassVar[list[str]] = ["username", "created_at"]
        verbose_name = "token de API"
        verbose_name_plural = "tokens de API"

    def __str__(self) -> str:
        return f"{self.username} · {self.name or self.digest[:8]}"

    @property
    def allowed(self) -> Scope:
        """Return its scope; what nobody knows any more may only read."""
        if not self.scope:
            return Scope.WRITE
        return Scope(self.scope) if self.scope in set(Scope) else Scope.READ

    @property
    def scope_label(self) -> str:
        """Return what it may do, for people."""
        return SCOPES[self.allowed]

    @property
    def is_over(self) -> bool:
        """Tell whether its time has passed."""
        return self.expires_at is not None and self.expires_at <= timezone.now()
