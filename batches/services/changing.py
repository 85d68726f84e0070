"""Changing one batch at a version, by the rules, with history. Many: `services/bulk.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pymongo import ReturnDocument

from batches import queries
from batches.models import DATA_VERSION, Batch
from batches.rules.changes import (
    Asker,
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
    values = differing(current, planned)
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


def differing(document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not already so; times alone are no change."""
    changed = {path: value for path, value in values.items() if value_at(document, path) != value}
    return changed if any(path not in FOLLOWING for path in changed) else {}


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


def _has_operation(key: Any, operation: str) -> bool:
    return (
        main_collection(Batch.COLLECTION).find_one(
            {"_id": key, "history.operation": operation}, {"_id": 1}
        )
        is not None
    )
