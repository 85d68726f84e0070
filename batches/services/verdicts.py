"""`mask_verdict`: what was found inside a batch's newest mask file.

Written like the sync's marks: `version` stays, so that nobody's open form goes stale; history
records when the kind of verdict changed. Undo passes over these events.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne

from batches.models import DATA_VERSION, Batch
from batches.services import operations
from batches.services.operations import Kind
from batches.services.writing import HISTORY
from segmentacion.actors import Actor
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

FIELD = "mask_verdict"


def write_verdicts(verdicts: Mapping[str, Document | None], *, actor: Actor, operation: str) -> int:
    """Set the verdict of each batch (by its id) where it differs; return how many were written.

    A verdict is `{kind, reason, file_id, filename, checked_at}`, or None: not verified. Two
    commands whatever the number, and one record of the operation when a kind changed. Each write
    is conditional on what was read. Side effect: raises the data version.
    """
    found = main_collection(Batch.COLLECTION).find(
        {"id": {"$in": list(verdicts)}}, {"id": 1, FIELD: 1}
    )
    differing = [batch for batch in found if batch.get(FIELD) != verdicts[batch["id"]]]
    if not differing:
        return 0
    changed = [batch["_id"] for batch in differing if _is_recorded(batch, verdicts[batch["id"]])]
    if changed:
        operations.begin(
            operation,
            kind=Kind.VERIFY,
            actor=actor,
            keys=changed,
            fields=[FIELD],
            summary="máscaras",
        )
    now = datetime.now(UTC)
    writes = [_update(batch, verdicts[batch["id"]], actor, operation, now) for batch in differing]
    written = main_collection(Batch.COLLECTION).bulk_write(writes, ordered=False).matched_count
    versions.bump(DATA_VERSION)
    if changed:
        operations.finish(operation, changed=min(written, len(changed)))
    return written


def _update(
    batch: Document, verdict: Document | None, actor: Actor, operation: str, now: datetime
) -> UpdateOne:
    values: Document = {FIELD: {"$literal": verdict}}
    if _is_recorded(batch, verdict):
        event = {
            "at": now,
            "who": actor.name,
            "channel": actor.channel.value,
            "operation": operation,
            "changes": [{"field": FIELD, "old": _kind(batch.get(FIELD)), "new": _kind(verdict)}],
        }
        values["history"] = {"$concatArrays": [HISTORY, [{"$literal": event}]]}
    return UpdateOne({"_id": batch["_id"], FIELD: batch.get(FIELD)}, [{"$set": values}])


def _is_recorded(batch: Document, verdict: Document | None) -> bool:
    return bool(_kind(batch.get(FIELD)) != _kind(verdict))


def _kind(verdict: Any) -> Any:
    return verdict.get("kind") if isinstance(verdict, Mapping) else None
