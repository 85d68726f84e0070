"""Where removed documents go: whole, with why, when, who and by which operation.

Nothing that people made is deleted; it is moved here first, and can be put back from here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne

from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "trash"


def put(
    kind: str, documents: Iterable[Document], *, reason: str, actor: Actor, operation: str
) -> int:
    """Store copies of documents in the trash before they are removed. Returns how many.

    The trash id is made of operation and original id: doing it twice stores it once.
    """
    now = datetime.now(UTC)
    writes = [
        UpdateOne(
            {"_id": f"{operation}:{document['_id']}"},
            {
                # The copy is always of what is about to be removed, also when an interrupted
                # removal is repeated and the document changed in between.
                "$set": {"document": document},
                "$setOnInsert": {
                    "kind": kind,
                    "key": document.get("id", document.get("name")),
                    "reason": reason,
                    "at": now,
                    "who": actor.name,
                    "channel": actor.channel.value,
                    "operation": operation,
                },
            },
            upsert=True,
        )
        for document in documents
    ]
    if writes:
        main_collection(COLLECTION).bulk_write(writes, ordered=False)
    return len(writes)


def of_kind(kind: str, **condition: Any) -> list[Document]:
    """Return what lies in the trash of one kind, newest first."""
    return list(main_collection(COLLECTION).find({"kind": kind, **condition}).sort("at", -1))
