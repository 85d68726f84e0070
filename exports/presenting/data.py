"""Jobs, plans and comparisons in the words of the page «Datos»."""

from datetime import UTC, datetime
from typing import Any

from batches.rules.timeline import LABELS
from batches.rules.verdicts import VERDICT_LABELS
from exports.rules.jobs import UNDER_WAY, JobKind, JobState
from segmentacion.mongo.clients import Document
from segmentacion.templatetags.spanish import day, moment

KINDS = {
    JobKind.BACKUP: "Respaldar",
    JobKind.VERIFY: "Comprobar un respaldo",
    JobKind.COMPARE: "Comparar dos respaldos",
    JobKind.PLAN: "Plan de restauración",
    JobKind.RESTORE: "Restaurar",
    JobKind.READ: "Leer una lista de batches",
    JobKind.IMPORT: "Importar batches",
}
BACKUP_KINDS = {"manual": "a mano", "scheduled": "automático", "safety": "antes de restaurar"}
SECTIONS = {
    "batches": "Batches",
    "segmentadores": "Personas",
    "trash": "Papelera",
    "operations": "Registro de operaciones",
    "saved_views": "Vistas guardadas",
}
NAMES = LABELS | {
    "created_at": "Creado",
    "file_info.files": "Nombres de los archivos",
    "file_info.has_files": "Tiene archivos",
    "file_info.last_file_upload": "Último archivo",
    "mask_verdict.kind": "Veredicto de las máscaras",
    "mask_verdict.reason": "Motivo del veredicto",
    "name": "Nombre",
    "role": "Rol",
    "email": "Correo",
    "active": "En activo",
    "login": "Cuenta",
}
VERDICT = "mask_verdict.kind"
PLAN_DAY, PLAN_TIME = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S UTC"  # as exports.rules.restoring tells them
ABOUT_VERDICT = {f"mask_verdict.{name}" for name in ("file_id", "filename", "checked_at")}
FOLLOWING = {"history": "Historial", "version": "Versión", "updated_at": "Actualizado"}
CHANGES = {
    "batches": {"added": "Batch nuevo", "changed": "Batch cambiado", "removed": "Batch quitado"},
    "segmentadores": {
        "added": "Persona nueva", "changed": "Persona cambiada", "removed": "Persona quitada",
    },
}  # fmt: skip


def as_job(job: Document) -> dict[str, Any]:
    """Return a job for a list or its page: its name, its state, its share in percent."""
    total, done = int(job["total"] or 0), int(job["done"] or 0)
    return {
        **job,
        "name": KINDS[JobKind(job["kind"])],
        "under_way": JobState(job["state"]) in UNDER_WAY,
        "percent": min(100, 100 * done // total) if total else None,
    }


def as_backup(record: Document) -> dict[str, Any]:
    """Return a record of a backup for the list."""
    counts = record.get("counts")
    counts = counts if isinstance(counts, dict) else {}
    return {
        **record,
        "kind_words": BACKUP_KINDS.get(str(record.get("kind")), str(record.get("kind"))),
        "batches": counts.get("batches"),
        "people": counts.get("segmentadores"),
        "parts": as_parts(counts),
        "good": record.get("verdict") == "good",
    }


def as_parts(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Return how many documents a backup has of each thing, with what it is called."""
    return [(SECTIONS.get(name, name), number) for name, number in counts.items()]


def as_plan(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sections of a restore's plan, those that change first come as they are."""
    return [
        {
            **section,
            "label": SECTIONS.get(name, name),
            "more_added": section["added"] - len(section["added_names"]),
            "more_removed": section["removed"] - len(section["removed_names"]),
            "more_changed": section["changed"] - len(section["differences"]),
            "differs": section["added"] + section["changed"] + section["removed"],
            "told": [
                {"name": d["name"], "fields": as_fields([[f, *p] for f, p in d["fields"].items()])}
                for d in section["differences"]
            ],
        }
        for name, section in plan["sections"].items()
    ]


def as_rows(rows: list[Document]) -> list[dict[str, Any]]:
    """Return rows of a comparison."""
    return [
        {
            "kind": row["kind"],
            "kind_words": CHANGES[row["section"]][row["kind"]],
            "name": row["name"],
            "fields": as_fields(row["fields"]),
        }
        for row in rows
    ]


def as_counts(counts: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Return the counts of a comparison, a line per section."""
    return [{"label": SECTIONS.get(name, name), **numbers} for name, numbers in counts.items()]


def as_fields(fields: list[list[str]]) -> list[list[str]]:
    """Return fields that differ, old and new, by the names people know. What follows from any
    change is left out unless it is all there is."""
    aside = FOLLOWING.keys() | ABOUT_VERDICT
    told = [field for field in fields if field[0] not in aside] or fields
    return [_in_words(path, values) for path, *values in told]


def _in_words(path: str, values: list[str]) -> list[str]:
    if path == VERDICT:
        values = [VERDICT_LABELS.get(value, value) for value in values]
    told = [_as_time(value) for value in values]
    values = told if len(set(told)) == len(set(values)) else values  # two of one minute
    return [NAMES.get(path) or FOLLOWING.get(path, path), *values]


def _as_time(text: str) -> str:
    """Return a day or a time of a plan as people here read it, other texts as they are."""
    for pattern, told in ((PLAN_DAY, day), (PLAN_TIME, moment)):
        try:
            return told(datetime.strptime(text, pattern).replace(tzinfo=UTC))
        except ValueError:
            continue
    return text
