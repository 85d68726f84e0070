"""Creating batches by id alone, for ids that files of the mask store name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batches.models import Batch
from batches.rules.importing import Row
from batches.rules.names import parse_batch_id
from batches.services import operations
from batches.services.importing import FIRST_CREATED, insert_new
from batches.services.operations import Kind
from segmentacion.actors import Actor
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
    return Creation(operation, _ids_of(record["keys"]), repeated=True)


def _insert(ids: Sequence[str], actor: Actor, operation: str) -> list[str]:
    """Insert those that are absent; return all that the operation created, also before it was cut
    off. Two at once insert each batch once: an upsert on `id`."""
    rows = [Row(number, batch_id, {}) for number, batch_id in enumerate(ids, start=1)]
    insert_new(rows, actor=actor, operation=operation, part=FIRST_CREATED, comment=COMMENT)
    record = operations.find(operation)
    return _ids_of(record["keys"] if record else [])


def _ids_of(keys: Sequence[Any]) -> list[str]:
    found = main_collection(Batch.COLLECTION).find({"_id": {"$in": list(keys)}}, {"id": 1})
    return sorted(document["id"] for document in found)
