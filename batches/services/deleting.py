"""Deleting into the trash for whoever asks: one at a version, or many; a cut-off one goes on."""

from collections.abc import Sequence
from typing import Any

from batches import queries
from batches.queries.lookups import UnknownBatchError
from batches.rules.states import BatchError
from batches.services import operations, trash
from batches.services.bulk import CHANGED_MEANWHILE, BulkReport, still_to_do
from batches.services.changing import StaleError
from batches.services.operations import Kind
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo import trash as kept
from segmentacion.mongo.clients import Document, main_collection


def delete_one(batch_id: str, *, version: int | None, actor: Actor, operation: str) -> None:
    """Move a batch to the trash, at the version the caller saw if said.

    Repeating an operation is harmless. Raises UnknownBatchError, StaleError, BatchError.
    """
    record = operations.resumed(operation, kind=Kind.DELETE, actor=actor)
    if record is not None and _gone(record["keys"], operation):
        operations.finish(operation, changed=len(record["keys"]))
        return
    document = queries.find(batch_id)
    if version is not None and version != int(document.get("version") or 0):
        raise StaleError(document)
    if not trash.delete([document["_id"]], actor=actor, operation=operation, version=version):
        try:
            raise StaleError(queries.find(batch_id))
        except UnknownBatchError:
            raise BatchError("Otra persona lo movió a la papelera antes.") from None


def delete_many(
    documents: Sequence[Document], missing: Sequence[str], *, actor: Actor, operation: str | None
) -> BulkReport:
    """Move batches to the trash; `missing` are names asked for that no batch has."""
    refused = [(name, "no existe") for name in missing]
    report = BulkReport(None, len(documents), 0, refused)
    if documents:
        report.operation = operation or new_operation()
        names = {document["_id"]: str(document.get("id")) for document in documents}
        report.changed = trash.delete(
            list(names), actor=actor, operation=report.operation, plan={"refused": refused}
        )
        report.refused += _kept(names, report.operation, report.changed)
    return report


def resume(operation: str | None, *, actor: Actor) -> BulkReport | None:
    """Finish a deletion of many that was cut off; None when the operation is new."""
    record = operations.resumed(operation, kind=Kind.DELETE, actor=actor)
    if record is None:
        return None
    keys, operation = record["keys"], str(record["operation"])
    left = [document["_id"] for document in still_to_do(keys, record)]
    trash.delete(left, actor=actor, operation=operation)
    refused = [(str(name), str(reason)) for name, reason in record["plan"].get("refused", [])]
    changed = _gone(keys, operation)
    operations.finish(operation, changed=changed)
    return BulkReport(operation, len(keys), changed, refused)


def _gone(keys: Sequence[Any], operation: str) -> int:
    """Return how many of these an operation moved to the trash, whose batch is not there."""
    present = {
        d["_id"] for d in main_collection("batches").find({"_id": {"$in": keys}}, {"_id": 1})
    }
    copies = [f"{operation}:{key}" for key in keys if key not in present]
    return main_collection(kept.COLLECTION).count_documents({"_id": {"$in": copies}})


def _kept(names: dict[Any, str], operation: str, changed: int) -> list[tuple[str, str]]:
    """Name those that somebody changed while they were being moved."""
    if changed == len(names):
        return []
    copies = [f"{operation}:{key}" for key in names]
    found = main_collection(kept.COLLECTION).find({"_id": {"$in": copies}}, {"document._id": 1})
    went = {entry["document"]["_id"] for entry in found}
    return [(name, CHANGED_MEANWHILE) for key, name in names.items() if key not in went]
