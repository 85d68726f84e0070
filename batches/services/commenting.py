"""The thread of comments of a batch: who said what, when. Nothing said is changed later.

The older `comments` text stays beside it, as other programs read it.
"""

import secrets
from datetime import UTC, datetime

from pymongo import ReturnDocument

from batches.models import DATA_VERSION, Batch
from batches.queries.lookups import UnknownBatchError
from batches.rules.changes import InvalidChangeError
from batches.services import operations
from batches.services.operations import Kind
from batches.services.writing import HISTORY
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

MAX_LENGTH = 2_000


def add_comment(
    batch_id: str, text: object, *, actor: Actor, operation: str | None = None
) -> Document:
    """Add a comment and return the batch. Repeating an operation adds nothing.

    Like the sync's marks it does not raise `version`: a comment makes nobody's open form stale.
    It is recorded among the operations, and nothing undoes it. Raises InvalidChangeError,
    UnknownBatchError.
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidChangeError("Escribe un comentario.")
    if len(text) > MAX_LENGTH or "\0" in text:
        raise InvalidChangeError(f"El comentario es demasiado largo (máximo {MAX_LENGTH:,}).")
    now, operation = datetime.now(UTC), operation or new_operation()
    comment = {"id": secrets.token_hex(6), "at": now, "who": actor.name, "text": text.strip()}
    event = {
        "at": now,
        "who": actor.name,
        "channel": actor.channel.value,
        "operation": operation,
        "changes": [{"field": "comment_thread", "old": None, "new": comment["id"]}],
        "comment": comment["text"],
    }
    collection = main_collection(Batch.COLLECTION)
    _record(collection.find_one({"id": batch_id}, {"_id": 1}), batch_id, actor, operation)
    document = collection.find_one_and_update(
        {"id": batch_id, "history.operation": {"$ne": operation}},
        [{"$set": {"comment_thread": _append(comment), "history": _history(event)}}],
        return_document=ReturnDocument.AFTER,
        projection={"history": 0},
    )
    if document is None:
        document = collection.find_one({"id": batch_id}, {"history": 0})
    if document is None:
        raise UnknownBatchError(batch_id)
    operations.finish(operation, changed=1)
    versions.bump(DATA_VERSION)
    return document


def _record(found: Document | None, batch_id: str, actor: Actor, operation: str) -> None:
    if found is None:
        raise UnknownBatchError(batch_id)
    operations.begin(
        operation, kind=Kind.COMMENT, actor=actor, keys=[found["_id"]], fields=["comment_thread"]
    )


def _append(comment: Document) -> Document:
    thread = {"$cond": [{"$isArray": ["$comment_thread"]}, "$comment_thread", []]}
    return {"$concatArrays": [thread, [{"$literal": comment}]]}


def _history(event: Document) -> Document:
    return {"$concatArrays": [HISTORY, [{"$literal": event}]]}
