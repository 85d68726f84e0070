"""People in plain Python: names, roles, and who may do what. No Django, no MongoDB."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

INITIAL_CREW = ("Mauricio", "Maggie", "Ceci", "Flor", "Ignacio")
DEFAULT_JOB = "Segmentador"
MAX_NAME = 80
EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")


class Role(StrEnum):
    """What a login is, as the name of its Django group."""

    LEAD = "Líder"
    REVIEWER = "Revisor"
    SEGMENTER = "Segmentador"
    VIEWER = "Lectura"


class Capability(StrEnum):
    """What a page, an endpoint or a button asks for."""

    READ = "read"
    SYNC = "sync"
    FORCE_SYNC = "force_sync"
    MANAGE_CREW = "manage_crew"
    EDIT = "edit"  # any field of any batch, assigning included
    REVIEW = "review"
    WORK = "work"  # own batches: status, progress, comments, the next one
    COMMENT = "comment"
    DELETE = "delete"
    VERIFY = "verify"  # any mask archive; who works may verify those of own batches
    BACKUP = "backup"  # everything, whole: made, restored
    EXPORT = "export"  # files of everybody's work: not for segmenters
    METRICS = "metrics"  # everybody's figures; without it, own ones and those of the whole team
    INTAKE = "intake"  # images: process, upload, try again
    FORCE_ARCHIVE = "force_archive"  # an image that nobody knows to be uploaded
    MONITOR = "monitor"  # how the servers are: /sistema and its figures


class Scope(StrEnum):
    """What a token may do of what its account may."""

    WRITE = "write"  # all of it
    READ = "read"  # what changes nothing
    PROMETHEUS = "prometheus"  # the figures for the monitoring, and nothing else


SCOPES = {
    Scope.READ: "Solo leer",
    Scope.WRITE: "Leer y escribir",
    Scope.PROMETHEUS: "Solo monitoreo",
}


EVERYONE = frozenset({Capability.READ, Capability.SYNC})
CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.LEAD: frozenset(Capability),
    Role.REVIEWER: EVERYONE
    | {
        Capability.REVIEW,
        Capability.COMMENT,
        Capability.EXPORT,
        Capability.METRICS,
        Capability.VERIFY,
        Capability.INTAKE,
    },
    Role.SEGMENTER: EVERYONE | {Capability.WORK, Capability.COMMENT},
    Role.VIEWER: EVERYONE | {Capability.EXPORT, Capability.METRICS},
}


class CrewError(Exception):
    """Something about a person that cannot be done; the message is for the person asking."""


class InvalidPersonError(CrewError):
    """The data given for a person is not acceptable."""


class DuplicateNameError(CrewError):
    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' ya existe")


class UnknownPersonError(CrewError):
    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' no existe")


class HoldsWorkError(CrewError):
    """A removal that does not say what becomes of the batches the person holds."""

    def __init__(self, name: str, batches: int) -> None:
        noun = "batch asignado" if batches == 1 else "batches asignados"
        super().__init__(
            f"'{name}' tiene {batches:,} {noun}: di a quién se pasan o que queden sin asignar"
        )
        self.batches = batches


@dataclass(frozen=True)
class Person:
    """Checked data of a member of the crew, as it is stored."""

    name: str
    role: str = DEFAULT_JOB
    email: str = ""


def clean_name(name: object) -> str:
    """Return a person's name as it is stored: NFC, single spaces, no ends.

    Raises InvalidPersonError when it is missing, not text, too long or has control characters.
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidPersonError("El nombre es requerido")
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if len(name) > MAX_NAME:
        raise InvalidPersonError(f"El nombre es demasiado largo (máximo {MAX_NAME} caracteres)")
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in name):
        raise InvalidPersonError("El nombre tiene caracteres que no se pueden mostrar")
    return name


def clean_person(name: object, role: object = None, email: object = None) -> Person:
    """Return checked data for a new or changed person. Raises InvalidPersonError."""
    return Person(clean_name(name), clean_job(role), clean_email(email))


def clean_job(role: object) -> str:
    """Return what the person does in the team (free text), or the default when empty."""
    if role is None or (isinstance(role, str) and not role.strip()):
        return DEFAULT_JOB
    if not isinstance(role, str) or len(role) > MAX_NAME:
        raise InvalidPersonError(f"El rol debe ser un texto de hasta {MAX_NAME} caracteres")
    return " ".join(role.split())


def clean_email(email: object) -> str:
    """Return an e-mail address, or "" when there is none. Raises InvalidPersonError."""
    if email is None or email == "":
        return ""
    if not isinstance(email, str) or len(email) > 254 or not EMAIL.fullmatch(email.strip()):
        raise InvalidPersonError(f"'{email}' no es un correo válido")
    return email.strip()


@cache
def capabilities_of(roles: frozenset[Role], *, superuser: bool = False) -> frozenset[Capability]:
    """Return all that a login with these roles may do; none without a role."""
    if superuser:
        return CAPABILITIES[Role.LEAD]
    return frozenset().union(*(CAPABILITIES[role] for role in roles))
