"""Changing many batches the same way: planned by situation, written group by group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from batches.models import Batch
from batches.queries.selection import NEEDED
from batches.rules.changes import PREMISES, Asker, Refusal, Situation, parse_change, plan_change
from batches.rules.importing import value_at
from batches.services import operations, writing
from batches.services.changing import Act, differing
from batches.services.operations import Kind
from crew import queries as crew_queries
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo.clients import Document, main_collection

CHANGED_MEANWHILE = "cambió mientras tanto"
Refusals = list[tuple[str, str]]
# A situation's premises, the values to write, and the `_id`s of the batches in it.
Group = tuple[Document, dict[str, Any], list[Any]]


@dataclass
class BulkReport:
    """What a bulk change did. `refused` are (id, reason); `operation` is None when nothing was
    to be written."""

    operation: str | None
    matched: int = 0
    changed: int = 0
    refused: Refusals = field(default_factory=list)


@dataclass(frozen=True)
class Many:
    """A change for many: what is asked, by whom, and the crew it may be given to."""

    change: Mapping[str, Any]
    asker: Asker
    act: Act
    crew: Sequence[str]

    @classmethod
    def of(cls, asked: Mapping[str, Any], *, asker: Asker, actor: Actor, operation: str) -> "Many":
        """Check what is asked. Raises InvalidChangeError."""
        change = parse_change(asked)
        act = Act(actor, operation, datetime.now(UTC), change.get("review_comment", ""))
        crew = crew_queries.names(active_only=True) if "assignee" in change else []
        return cls(change, asker, act, crew)

    def plan(self, documents: Iterable[Document]) -> tuple[list[Group], Refusals]:
        """Group batches by situation; return the groups, and those the rules refuse."""
        plans: dict[Situation, dict[str, Any] | str] = {}
        groups: dict[tuple[Any, ...], Group] = {}
        refused: Refusals = []
        for document in documents:
            situation = Situation.of(document)
            if situation not in plans:
                plans[situation] = self._planned(situation)
            plan = plans[situation]
            if isinstance(plan, str):
                refused.append((str(document.get("id")), plan))
            elif values := differing(document, plan):
                premises = {path: value_at(document, path) for path in PREMISES}
                key = (*map(repr, premises.values()), *sorted(values))
                groups.setdefault(key, (premises, values, []))[2].append(document["_id"])
        return list(groups.values()), refused

    def write(self, groups: Iterable[Group]) -> tuple[int, Refusals]:
        """Write the groups; return how many changed, and those that somebody was quicker with."""
        groups = list(groups)
        changed = sum(self._write(group) for group in groups)
        keys = keys_of(groups)
        return changed, [] if changed == len(keys) else left_out(keys, self.act.operation)

    def _planned(self, situation: Situation) -> dict[str, Any] | str:
        try:
            return plan_change(
                situation, self.change, asker=self.asker, crew=self.crew, now=self.act.now
            )
        except Refusal as refusal:
            return str(refusal)

    def _write(self, group: Group) -> int:
        premises, values, keys = group
        condition = {
            "_id": {"$in": keys},
            **premises,
            "history.operation": {"$ne": self.act.operation},
        }
        return writing.change_many(condition, self.act.pipeline(values))


# A part of an operation: how, what was asked, and what is to be written.
Planned = tuple[Many, dict[str, Any], list[Group]]


def change_many(
    documents: Sequence[Document],
    asked: Mapping[str, Any],
    *,
    asker: Asker,
    actor: Actor,
    operation: str | None = None,
    kind: Kind = Kind.BULK,
    summary: str = "",
    dry_run: bool = False,
    refused: Sequence[tuple[str, str]] = (),
    matched: int | None = None,
) -> BulkReport:
    """Change many batches the same way; those the rules refuse are listed, the rest change.

    Batches in the same situation are changed by one `update_many` that still requires the
    situation, so a rule never acts on what is no longer so. `refused` and `matched` are what
    the caller found out while selecting. An `operation` that was begun before goes on with the
    batches it was about. Raises InvalidChangeError, OperationTakenError.
    """
    many = Many.of(asked, asker=asker, actor=actor, operation=operation or new_operation())
    record = None if dry_run else operations.resumed(operation, kind=kind, actor=actor)
    if record is not None:
        return _resume([(many, record["keys"])], record)
    groups, forbidden = many.plan(documents)
    matched = len(documents) if matched is None else matched
    report = BulkReport(None, matched, 0, [*refused, *forbidden])
    keys = keys_of(groups)
    if dry_run or not keys:
        report.changed = len(keys) if dry_run else 0
        return report
    report.operation = many.act.operation
    operations.begin(
        report.operation,
        kind=kind,
        actor=actor,
        keys=keys,
        fields=sorted({path for _, values, _ in groups for path in values}),
        summary=summary,
        plan={"matched": matched, "refused": report.refused} if operation else None,
    )
    report.changed, late = many.write(groups)
    report.refused += late
    operations.finish(report.operation, changed=report.changed)
    return report


def change_parts(
    parts: Sequence[tuple[Sequence[Document], Mapping[str, Any]]],
    *,
    asker: Asker,
    actor: Actor,
    operation: str | None = None,
    kind: Kind = Kind.BULK,
    summary: str = "",
    refused: Sequence[tuple[str, str]] = (),
) -> BulkReport:
    """Change several selections, each its own way, as one operation that is undone as one.

    As `change_many` otherwise. An `operation` that was begun before goes on with the parts in its
    record, not with these. Raises InvalidChangeError, OperationTakenError.
    """
    operation = operation or new_operation()
    record = operations.resumed(operation, kind=kind, actor=actor)
    if record is not None:
        return _resume(_recorded_parts(record, asker, actor), record)
    report = BulkReport(None, sum(len(documents) for documents, _ in parts), 0, [*refused])
    planned: list[Planned] = []
    for documents, asked in parts:
        many = Many.of(asked, asker=asker, actor=actor, operation=operation)
        groups, forbidden = many.plan(documents)
        planned.append((many, dict(asked), groups))
        report.refused += forbidden
    if not any(groups for _, _, groups in planned):
        return report
    report.operation = operation
    _begin_parts(planned, report, kind=kind, actor=actor, summary=summary)
    for many, _, groups in planned:
        changed, late = many.write(groups)
        report.changed += changed
        report.refused += late
    operations.finish(operation, changed=report.changed)
    return report


def _begin_parts(
    planned: Sequence[Planned], report: BulkReport, *, kind: Kind, actor: Actor, summary: str
) -> None:
    """Record what is about to be changed, and each part's way: one that is cut off goes on so."""
    groups = [group for _, _, part in planned for group in part]
    parts = [{"asked": asked, "count": len(keys_of(part))} for _, asked, part in planned]
    operations.begin(
        str(report.operation),
        kind=kind,
        actor=actor,
        keys=keys_of(groups),
        fields=sorted({path for _, values, _ in groups for path in values}),
        summary=summary,
        plan={"matched": report.matched, "refused": report.refused, "parts": parts},
    )


def _recorded_parts(
    record: Document, asker: Asker, actor: Actor
) -> list[tuple[Many, Sequence[Any]]]:
    """Return the parts of an operation that was begun, each with its keys."""
    if "parts" not in record["plan"]:  # changed a selection one way
        raise operations.OperationTakenError(record["operation"])
    parts, start = [], 0
    for part in record["plan"]["parts"]:
        many = Many.of(part["asked"], asker=asker, actor=actor, operation=record["operation"])
        parts.append((many, record["keys"][start : start + part["count"]]))
        start += part["count"]
    return parts


def _resume(parts: Sequence[tuple[Many, Sequence[Any]]], record: Document) -> BulkReport:
    """Go on with an operation that was cut off, on the batches it was about and no others."""
    operation, plan = record["operation"], record["plan"]
    refused = [(str(name), str(reason)) for name, reason in plan.get("refused", [])]
    report = BulkReport(operation, plan.get("matched", len(record["keys"])), 0, refused)
    reasons: dict[str, str] = {}
    for many, keys in parts:
        groups, forbidden = many.plan(still_to_do(keys, record))
        many.write(groups)
        reasons |= dict(forbidden)
    report.changed = done_by(record["keys"], operation)
    late = left_out(record["keys"], operation)
    report.refused += [(name, reasons.get(name, reason)) for name, reason in late]
    operations.finish(operation, changed=report.changed)
    return report


def keys_of(groups: Iterable[Group]) -> list[Any]:
    """Return the `_id`s of all groups."""
    return [key for _, _, keys in groups for key in keys]


def still_to_do(keys: Sequence[Any], record: Document) -> list[Document]:
    """Return the batches an operation has not reached and nobody changed since it began."""
    condition = {
        "_id": {"$in": list(keys)},
        "history.operation": {"$ne": record["operation"]},
        "updated_at": {"$not": {"$gt": record["at"]}},
    }
    return list(main_collection(Batch.COLLECTION).find(condition, NEEDED))


def changed_since(keys: Sequence[Any], record: Document) -> Refusals:
    """Name those that somebody else changed after an operation began and before it came to them."""
    condition = {
        "_id": {"$in": list(keys)},
        "history.operation": {"$ne": record["operation"]},
        "updated_at": {"$gt": record["at"]},
    }
    found = main_collection(Batch.COLLECTION).find(condition, {"id": 1})
    return [(str(document.get("id")), CHANGED_MEANWHILE) for document in found]


def done_by(keys: Sequence[Any], operation: str) -> int:
    """Return how many of these batches an operation changed."""
    condition = {"_id": {"$in": list(keys)}, "history.operation": operation}
    return main_collection(Batch.COLLECTION).count_documents(condition)


def left_out(keys: Sequence[Any], operation: str) -> Refusals:
    """Name those of these batches that an operation did not change."""
    condition = {"_id": {"$in": list(keys)}, "history.operation": {"$ne": operation}}
    left = main_collection(Batch.COLLECTION).find(condition, {"id": 1})
    return [(str(document.get("id")), CHANGED_MEANWHILE) for document in left]
