"""What may be changed on a batch, by whom, and what follows from a change.

The one place of the rules: web, API, admin and commands ask here. A change is planned from the
batch as it is and what is asked; the plan holds every field to write, what follows included, or
a Refusal says why not, in Spanish. Time is an argument.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batches.rules.dates import parse_date
from batches.rules.states import BatchError, Priority, Review, Status

# What is asked for, by the name the API gives it, and where it is stored.
PATHS = {
    "assignee": "assignee",
    "status": "status",
    "comments": "comments",
    "folder": "folder",
    "priority": "metadata.priority",
    "due_date": "metadata.due_date",
    "review_status": "metadata.review_status",
    "total_masks": "metadata.total_masks",
    "completed_masks": "metadata.completed_masks",
}
FIELDS = (*PATHS, "review_comment")
# What the rules look at: a plan holds as long as these are as they were.
PREMISES = ("assignee", "status", "metadata.review_status", "metadata.rework_count")
OWN_FIELDS = frozenset({"status", "completed_masks", "comments"})
REVIEW_FIELDS = frozenset({"review_status", "review_comment"})
TEXT_LIMITS = {"comments": 10_000, "folder": 1024, "review_comment": 2_000}
MAX_MASKS = 10_000_000


class Refusal(BatchError):
    """A change that the rules do not allow; the message is for the person asking.

    `is_about_who`: somebody else could do it; it is this account that may not.
    """

    is_about_who = False


class NotAllowedRefusal(Refusal):
    is_about_who = True


class InvalidChangeError(BatchError):
    """What is asked is not a change at all: an unknown field, or a value of no use."""


@dataclass(frozen=True)
class Asker:
    """Who asks: the account, the crew name it is linked to, and what it may do to batches."""

    account: str
    person: str | None = None
    may_edit: bool = False
    may_review: bool = False
    may_work: bool = False

    def holds(self, assignee: object) -> bool:
        """Tell whether a batch with this assignee is this person's own."""
        return self.person is not None and assignee == self.person


@dataclass(frozen=True)
class Situation:
    """A batch as far as the rules look at it."""

    assignee: str | None
    status: str
    review: str
    rework: int = 0

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Situation":
        """Read it from a stored document, older shapes included."""
        metadata = document.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        rework, assignee = metadata.get("rework_count"), document.get("assignee")
        return cls(
            assignee=str(assignee) if assignee else None,
            status=str(document.get("status") or Status.NOT_SEGMENTED),
            review=str(metadata.get("review_status") or Review.PENDING),
            rework=rework if isinstance(rework, int) else 0,
        )


def parse_change(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked with checked values, by API name. Raises InvalidChangeError."""
    unknown = [name for name in asked if name not in FIELDS]
    if unknown:
        raise InvalidChangeError(f"No se conoce el campo: {', '.join(sorted(unknown))}")
    if not asked:
        raise InvalidChangeError("No se pidió ningún cambio.")
    if "review_comment" in asked and "review_status" not in asked:
        raise InvalidChangeError("review_comment: va junto con review_status")
    return {name: _parse(name, value) for name, value in asked.items()}


def plan_change(
    current: Situation,
    change: Mapping[str, Any],
    *,
    asker: Asker,
    crew: Collection[str],
    now: datetime,
) -> dict[str, Any]:
    """Return every field to write (by path) for a parsed change, what follows included.

    `crew` are the people work can be given to. Raises Refusal.
    """
    _check_asker(current, change, asker)
    values: dict[str, Any] = {PATHS[name]: value for name, value in change.items() if name in PATHS}
    if "assignee" in change:
        values |= _assignment(current, change, crew, now)
    status = change.get("status", current.status)
    if status != current.status:
        values |= _transition(current, change, status, now)
    if "review_status" in change and change["review_status"] != current.review:
        values |= _review(current, change, asker, now)
    return values


def _check_asker(current: Situation, change: Mapping[str, Any], asker: Asker) -> None:
    if asker.may_edit:
        return
    fields = set(change)
    if asker.may_review and fields <= REVIEW_FIELDS:
        return
    if asker.may_work and asker.holds(current.assignee) and fields <= OWN_FIELDS:
        return
    if asker.may_work and not asker.holds(current.assignee):
        raise NotAllowedRefusal("Solo puedes cambiar tus propios batches.")
    raise NotAllowedRefusal("Tu cuenta no puede hacer este cambio.")


def _assignment(
    current: Situation, change: Mapping[str, Any], crew: Collection[str], now: datetime
) -> dict[str, Any]:
    assignee = change["assignee"]
    if assignee == current.assignee:
        return {}
    if assignee is None and change.get("status", current.status) == Status.SEGMENTED:
        raise Refusal("Un batch segmentado (S) no puede quedar sin responsable.")
    if assignee is not None and assignee not in crew:
        raise Refusal(f"«{assignee}» no está en el equipo, o no está en activo.")
    return {"metadata.assigned_at": now if assignee else None}


def _transition(
    current: Situation, change: Mapping[str, Any], status: str, now: datetime
) -> dict[str, Any]:
    assignee = change.get("assignee", current.assignee)
    if status == Status.SEGMENTED:
        if assignee is None:
            raise Refusal("Un batch segmentado (S) necesita responsable: asígnalo primero.")
        followed: dict[str, Any] = {"completed_at": now}
        if current.review == Review.REJECTED:
            followed["metadata.review_status"] = str(Review.PENDING)
        return followed
    followed = {"completed_at": None} if current.status == Status.SEGMENTED else {}
    # A verdict does not outlive the work it was given on, also when a form sends it along.
    lost = current.review == Review.APPROVED or (
        current.review == Review.REJECTED and status == Status.NOT_SEGMENTED
    )
    if lost and change.get("review_status", current.review) == current.review:
        followed |= {"metadata.review_status": str(Review.PENDING), "reviewed_at": None}
    return followed


def _review(
    current: Situation, change: Mapping[str, Any], asker: Asker, now: datetime
) -> dict[str, Any]:
    review, comment = change["review_status"], change.get("review_comment", "")
    if not asker.may_review and not asker.may_edit:
        raise NotAllowedRefusal("Tu cuenta no puede revisar batches.")
    if asker.holds(current.assignee) or asker.holds(change.get("assignee", current.assignee)):
        raise NotAllowedRefusal("Nadie revisa su propio trabajo: pide a otra persona que lo haga.")
    if review == Review.PENDING:
        return {"reviewed_at": None}
    if change.get("status", current.status) != Status.SEGMENTED:
        raise Refusal("Solo se revisa un batch segmentado (S).")
    followed: dict[str, Any] = {"reviewed_at": now, "metadata.reviewed_by": asker.account}
    if review == Review.APPROVED:
        return followed
    if not comment:
        raise Refusal("«No Aprobado» necesita un comentario que diga qué corregir.")
    return followed | {
        "status": str(Status.IN_PROGRESS),
        "completed_at": None,
        "metadata.review_comment": comment,
        "metadata.rework_count": current.rework + 1,
    }


def _parse(name: str, value: Any) -> Any:
    if name == "due_date":
        try:
            return parse_date(value)
        except ValueError as error:
            raise InvalidChangeError(f"due_date: {error}") from error
    if name == "assignee":
        return _parse_text(name, value, 80).strip() or None
    if name in TEXT_LIMITS:
        text = _parse_text(name, value, TEXT_LIMITS[name])
        return text.strip() if name == "review_comment" else text
    if name in {"total_masks", "completed_masks"}:
        return _parse_count(name, value)
    return _parse_choice(name, value)


def _parse_text(name: str, value: Any, limit: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise InvalidChangeError(f"{name}: debe ser un texto")
    if len(value) > limit:
        raise InvalidChangeError(f"{name}: es demasiado largo (máximo {limit:,} caracteres)")
    return value


def _parse_count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_MASKS:
        raise InvalidChangeError(f"{name}: debe ser un número entero de 0 a {MAX_MASKS:,}")
    return value


def _parse_choice(name: str, value: Any) -> str:
    choices = {"status": Status, "priority": Priority, "review_status": Review}[name]
    allowed = [str(choice) for choice in choices]
    if not isinstance(value, str) or value not in allowed:
        raise InvalidChangeError(f"{name}: debe ser {', '.join(allowed)}")
    return value
