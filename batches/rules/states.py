"""States of a batch and what must hold between its fields (specification, sections 1.1 and 3)."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    NOT_SEGMENTED = "NS"
    IN_PROGRESS = "In"
    SEGMENTED = "S"


class Review(StrEnum):
    PENDING = "Pendiente"
    APPROVED = "Aprobado"
    REJECTED = "No Aprobado"


class Priority(StrEnum):
    HIGH = "alta"
    MEDIUM = "media"
    LOW = "baja"


class BatchError(Exception):
    """Something about a batch that cannot be done; the message is for the person asking."""


def check_state(
    fields: Mapping[str, Any], *, crew: Collection[str], review_comment: str = ""
) -> list[str]:
    """Return why a batch may not look like this, as Spanish sentences; empty when it may.

    `fields` are the flat values the batch would have: status, assignee, review_status, priority.
    """
    problems = []
    status, assignee = fields.get("status"), fields.get("assignee")
    review = fields.get("review_status")
    if status not in set(Status):
        problems.append(f"el estatus «{status}» no existe (NS, In o S)")
    if fields.get("priority") not in set(Priority):
        problems.append(f"la prioridad «{fields.get('priority')}» no existe (alta, media o baja)")
    if review not in set(Review):
        problems.append(f"la revisión «{review}» no existe (Pendiente, Aprobado o No Aprobado)")
    if assignee is not None and assignee not in crew:
        problems.append(f"«{assignee}» no está en el equipo")
    if status == Status.SEGMENTED and assignee is None:
        problems.append("un batch segmentado (S) necesita responsable")
    problems += _review_problems(status, review, review_comment)
    return problems


def _review_problems(status: object, review: object, comment: str) -> list[str]:
    if review == Review.APPROVED and status != Status.SEGMENTED:
        return ["solo se aprueba un batch segmentado (S)"]
    if review == Review.REJECTED and status != Status.IN_PROGRESS:
        return ["un batch no aprobado vuelve a incompleto (In)"]
    if review == Review.REJECTED and not comment.strip():
        return ["«No Aprobado» necesita un comentario que diga por qué"]
    return []
