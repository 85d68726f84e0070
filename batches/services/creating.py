"""Creating batches by id alone, for ids that files of the mask store name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo import UpdateOne

from batches.models import DATA_VERSION, IDS_VERSION, Batch
from batches.rules.importing import Row
from batches.rules.names import parse_batch_id
from batches.services import operations
from batches.services.importing import FIRST_CREATED, new_batch
from batches.services.operations import Kind
from segmentacion.actors import Actor
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection

MAX_AT_ONCE = 10_000
SUMMARY = "creados desde el almacén"
COMMENT = "creado desde el almacén"


class TooManyError(ValueError):
    """More ids than one operation creates."""


@dataclass(frozen=True)
class Creation:
    """The ids an operation created, in order; `repeated` when it had done so before."""

    operation: str
    ids: list[str]
    repeated: bool = False


def create_batches(ids: Sequence[str], *, actor: Actor, operation: str) -> Creation:
    """Create a batch for each id that is not here; one command, one recorded operation.

    Ids that are not of the grammar, or exist, are left out. An operation that was completed
    before creates nothing and answers what it created; one that was cut off goes on. Side
    effects: raises the data versions. Raises TooManyError above 10,000 ids.
    """
    if len(ids) > MAX_AT_ONCE:
        raise TooManyError(f"{len(ids):,} ids; máximo {MAX_AT_ONCE:,}")
    done = created_by(operation)
    if done is not None:
        return done
    wanted = [batch_id for batch_id in dict.fromkeys(ids) if parse_batch_id(batch_id) == batch_id]
    if not wanted:
        return Creation(operation, [])
    operations.begin(operation, kind=Kind.IMPORT, actor=actor, keys=[], fields=[], summary=SUMMARY)
    created = _insert(wanted, actor, operation)
    operations.finish(operation, changed=len(created))
    return Creation(operation, created)


def created_by(operation: str) -> Creation | None:
    """Return what an operation created, or None unless it was completed."""
    record = operations.find(operation)
    if record is None or record["changed"] is None:
        return None
    found = main_collection(Batch.COLLECTION).find(
        {"_id": {"$in": record["keys"]}}, {"_id": 0, "id": 1}
    )
    return Creation(operation, sorted(document["id"] for document in found), repeated=True)


def _insert(ids: Sequence[str], actor: Actor, operation: str) -> list[str]:
    """Insert those that are absent. Two at once insert each batch once: an upsert on `id`."""
    now = datetime.now(UTC)
    rows = [Row(number, batch_id, {}) for number, batch_id in enumerate(ids, start=1)]
    writes = [
        UpdateOne(
            {"id": row.id},
            {
                "$setOnInsert": new_batch(
                    row, actor=actor, operation=operation, now=now, comment=COMMENT
                )
            },
            upsert=True,
        )
        for row in rows
    ]
    result = main_collection(Batch.COLLECTION).bulk_write(writes, ordered=False)
    versions.bump(DATA_VERSION, IDS_VERSION)
    upserted = result.upserted_ids or {}
    operations.add_keys(operation, list(upserted.values()), part=FIRST_CREATED)
    return sorted(ids[index] for index in upserted)
