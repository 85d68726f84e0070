"""Whether a batch may be put back to what it was: by the rules, and by who asks."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from batches.rules.changes import OWN_FIELDS, PATHS, REVIEW_FIELDS, Asker, Situation
from batches.rules.states import Priority, Review, Status, check_state

# What a verdict and the work's end write by themselves.
FOLLOWING_REVIEW = {
    "status", "completed_at", "reviewed_at", "metadata.reviewed_by", "metadata.review_comment",
    "metadata.rework_count",
}  # fmt: skip
FOLLOWING_WORK = {"completed_at", "reviewed_at", "metadata.assigned_at"}
REVIEW_PATHS = {PATHS.get(name, name) for name in REVIEW_FIELDS} | FOLLOWING_REVIEW
OWN_PATHS = {PATHS[name] for name in OWN_FIELDS} | {"metadata.review_status"} | FOLLOWING_WORK
# The field of the event by which a batch came back from the trash.
RESTORED = "papelera"
# What an undo did for a person asks nothing of the comment a verdict once had.
ANY_COMMENT = "."


@dataclass(frozen=True)
class Return:
    """One batch's way back: how it is, how it would be, and the fields that would change."""

    now: Situation
    before: Situation
    paths: frozenset[str]

    @classmethod
    def of(cls, document: Mapping[str, Any], changes: Iterable[Mapping[str, Any]]) -> "Return":
        """Read it from the batch and the changes of the event to undo."""
        now = Situation.of(document)
        old = {str(change.get("field")): change.get("old") for change in changes}
        before = now
        if RESTORED in old:  # it goes as a whole, to nobody
            return cls(now, before, frozenset(old))
        if "assignee" in old:
            before = replace(before, assignee=str(old["assignee"]) if old["assignee"] else None)
        if "status" in old:
            before = replace(before, status=str(old["status"] or Status.NOT_SEGMENTED))
        if "metadata.review_status" in old:
            review = str(old["metadata.review_status"] or Review.PENDING)
            before = replace(before, review=review)
        return cls(now, before, frozenset(old))


def refusal(
    way: Return, *, asker: Asker, crew: Collection[str], active: Collection[str]
) -> str | None:
    """Return why the batch stays as it is, or None when it may go back.

    `crew` are all people, `active` those work can be given to. What was against the rules before
    this undo and stays so is no reason.
    """
    return _who(way, asker) or _receiver(way, crew, active) or _state(way)


def _who(way: Return, asker: Asker) -> str | None:
    if asker.may_edit or (asker.may_review and way.paths <= REVIEW_PATHS):
        return None
    own = asker.holds(way.now.assignee) and way.paths <= OWN_PATHS | {"assignee"}
    # Giving back what was taken, and taking again what was given back.
    free_again = way.now.assignee is None and asker.holds(way.before.assignee)
    if asker.may_work and (own or free_again):
        return None
    return "ya no es tuyo" if asker.may_work else "tu cuenta no puede hacer este cambio"


def _receiver(way: Return, crew: Collection[str], active: Collection[str]) -> str | None:
    assignee = way.before.assignee
    if assignee is None or assignee == way.now.assignee:
        return None
    if assignee not in crew:
        return f"«{assignee}» ya no está en el equipo"
    if assignee not in active and way.before.status != Status.SEGMENTED:
        return f"«{assignee}» no está en activo"
    return None


def _state(way: Return) -> str | None:
    if way.before == way.now:
        return None
    present = _problems(way.now)
    return next((problem for problem in _problems(way.before) if problem not in present), None)


def _problems(situation: Situation) -> list[str]:
    fields = {
        "status": situation.status,
        "assignee": situation.assignee,
        "review_status": situation.review,
        "priority": Priority.MEDIUM,
    }
    crew = {situation.assignee} if situation.assignee else set()
    return check_state(fields, crew=crew, review_comment=ANY_COMMENT)
