"""Changing batches: one at a version, or many at once; both by the rules, both with history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pymongo import ReturnDocument

from batches import queries
from batches.models import DATA_VERSION, Batch
from batches.rules.changes import (
    PREMISES,
    Asker,
    Refusal,
    Situation,
    parse_change,
    plan_change,
)
from batches.rules.importing import value_at
from batches.rules.states import BatchError
from batches.services import operations, writing
from batches.services.operations import Kind
from crew import queries as crew_queries
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

# How often a change that names no version is tried against whoever is quicker.
ATTEMPTS = 5


class StaleError(BatchError):
    """The batch changed since the caller read it; `current` is what it is now."""

    def __init__(self, current: Document) -> None:
        super().__init__("Otra persona cambió este batch. Revisa cómo quedó y vuelve a intentar.")
        self.current = current


@dataclass(frozen=True)
class Act:
    """Who changes, by which operation, when, and why."""

    actor: Actor
    operation: str
    now: datetime
    comment: str = ""

    def pipeline(self, values: Mapping[str, Any]) -> list[Document]:
        """Return the update that sets these values and records them."""
        return writing.change_pipeline(
            values, actor=self.actor, operation=self.operation, now=self.now, comment=self.comment
        )


@dataclass
class BulkReport:
    """What a bulk change did. `refused` are (id, reason)."""

    operation: str
    matched: int = 0
    changed: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def change_batch(
    batch_id: str,
    asked: Mapping[str, Any],
    *,
    asker: Asker,
    actor: Actor,
    version: int | None = None,
    operation: str | None = None,
) -> Document:
    """Change one batch and return it as it is then, without history.

    `version` is what the caller saw; None takes the one found,
    and the next one found when somebody else is quicker. Repeating an `operation` changes
    nothing and returns the batch. Raises UnknownBatchError, InvalidChangeError, Refusal,
    StaleError. Side effects: history, the operation's record, the data version.
    """
    once = partial(
        _change_once, batch_id, asked, asker=asker, actor=actor, version=version,
        operation=operation,
    )  # fmt: skip
    for _ in range(ATTEMPTS - 1):
        try:
            return once()
        except StaleError:
            if version is not None:
                raise
    return once()


def _change_once(
    batch_id: str,
    asked: Mapping[str, Any],
    *,
    asker: Asker,
    actor: Actor,
    version: int | None = None,
    operation: str | None = None,
) -> Document:
    """One attempt of `change_batch`."""
    change = parse_change(asked)
    current = queries.find(batch_id)
    if operation and _has_operation(current["_id"], operation):
        return current
    found = int(current.get("version") or 0)
    if version is not None and version != found:
        raise StaleError(current)
    now = datetime.now(UTC)
    crew = crew_queries.names(active_only=True) if "assignee" in change else []
    planned = plan_change(Situation.of(current), change, asker=asker, crew=crew, now=now)
    values = _differing(current, planned)
    if not values:
        return current
    operation = operation or new_operation()
    operations.begin(
        operation, kind=Kind.CHANGE, actor=actor, keys=[current["_id"]], fields=sorted(values)
    )
    act = Act(actor, operation, now, change.get("review_comment", ""))
    changed = _write_one(current, found, values, act)
    if changed is None:
        operations.finish(operation, changed=0)
        raise StaleError(queries.find(batch_id))
    operations.finish(operation, changed=1)
    return changed


def change_many(
    documents: Iterable[Document],
    asked: Mapping[str, Any],
    *,
    asker: Asker,
    actor: Actor,
    operation: str | None = None,
    kind: Kind = Kind.BULK,
    summary: str = "",
    dry_run: bool = False,
) -> BulkReport:
    """Change many batches the same way; those the rules refuse are listed, the rest change.

    Batches in the same situation are changed by one `update_many` that still requires the
    situation, so a rule never acts on what is no longer so. Raises InvalidChangeError.
    """
    change = parse_change(asked)
    now = datetime.now(UTC)
    report = BulkReport(operation or new_operation())
    groups = _plan_groups(documents, change, asker=asker, now=now, report=report)
    planned = sum(len(keys) for _, _, keys in groups)
    if dry_run or not planned:
        report.changed = planned if dry_run else 0
        return report
    keys = [key for _, _, group in groups for key in group]
    fields = sorted({path for _, values, _ in groups for path in values})
    operations.begin(
        report.operation, kind=kind, actor=actor, keys=keys, fields=fields, summary=summary
    )
    act = Act(actor, report.operation, now, change.get("review_comment", ""))
    report.changed = sum(_write_group(group, act) for group in groups)
    operations.finish(report.operation, changed=report.changed)
    if report.changed < planned:
        _name_the_unchanged(keys, report)
    return report


Group = tuple[Document, dict[str, Any], list[Any]]


def _plan_groups(
    documents: Iterable[Document],
    change: Mapping[str, Any],
    *,
    asker: Asker,
    now: datetime,
    report: BulkReport,
) -> list[Group]:
    crew = crew_queries.names(active_only=True) if "assignee" in change else []
    plans: dict[Situation, dict[str, Any] | str] = {}
    groups: dict[tuple[Any, ...], Group] = {}
    for document in documents:
        report.matched += 1
        situation = Situation.of(document)
        if situation not in plans:
            try:
                plans[situation] = plan_change(situation, change, asker=asker, crew=crew, now=now)
            except Refusal as refusal:
                plans[situation] = str(refusal)
        plan = plans[situation]
        if isinstance(plan, str):
            report.refused.append((str(document.get("id")), plan))
            continue
        values = _differing(document, plan)
        if not values:
            continue
        premises = {path: value_at(document, path) for path in PREMISES}
        key = (*map(repr, premises.values()), *sorted(values))
        groups.setdefault(key, (premises, values, []))[2].append(document["_id"])
    return list(groups.values())


def _differing(document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not already so; times alone are no change."""
    differing = {path: value for path, value in values.items() if value_at(document, path) != value}
    return differing if any(path not in FOLLOWING for path in differing) else {}


# Times that follow from a change: never a change of their own.
FOLLOWING = {"metadata.assigned_at", "completed_at", "reviewed_at"}


def _write_one(
    current: Document, version: int, values: Mapping[str, Any], act: Act
) -> Document | None:
    document = main_collection(Batch.COLLECTION).find_one_and_update(
        {"_id": current["_id"], **writing.at_version(version)},
        act.pipeline(values),
        projection={"history": 0},
        return_document=ReturnDocument.AFTER,
    )
    if document is not None:
        versions.bump(DATA_VERSION)
    return document


def _write_group(group: Group, act: Act) -> int:
    premises, values, keys = group
    condition = {
        "_id": {"$in": keys},
        **premises,
        "history.operation": {"$ne": act.operation},
    }
    return writing.change_many(condition, act.pipeline(values))


def _name_the_unchanged(keys: Sequence[Any], report: BulkReport) -> None:
    left = main_collection(Batch.COLLECTION).find(
        {"_id": {"$in": list(keys)}, "history.operation": {"$ne": report.operation}}, {"id": 1}
    )
    report.refused += [(str(d.get("id")), "cambió mientras tanto") for d in left]


def _has_operation(key: Any, operation: str) -> bool:
    return (
        main_collection(Batch.COLLECTION).find_one(
            {"_id": key, "history.operation": operation}, {"_id": 1}
        )
        is not None
    )
