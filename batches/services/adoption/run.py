"""One run: what it was asked, and how it reads, conditions its writes and sets aside."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, TypeVar

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import DeleteOne
from pymongo.collection import Collection as MongoCollection

from batches.rules.adoption import KeepPolicy
from batches.rules.adoption.reading import MISSING, found_at
from batches.services import operations
from batches.services.adoption.report import Tally
from batches.services.operations import Kind
from segmentacion.actors import Actor
from segmentacion.mongo import trash
from segmentacion.mongo.clients import Document, main_collection

Item = TypeVar("Item")
CHUNK = 10_000
TRASH_CHUNK = 500
# A date that Python cannot hold is read as a number instead of stopping the whole reading.
TOLERANT: CodecOptions[Document] = CodecOptions(
    tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


@dataclass
class Run:
    """An adoption under way. `check` raises when another run took over, before each write."""

    actor: Actor
    operation: str
    zone: tzinfo
    dry_run: bool = False
    policy: KeepPolicy | None = None
    set_aside_without_id: bool = False
    check: Callable[[], None] = lambda: None
    tally: Tally = field(default_factory=Tally)
    crew: Collection[str] = frozenset()
    gone: set[bytes] = field(default_factory=set)
    parts: int = 0

    def record(self, keys: Sequence[Any]) -> None:
        """Record the adoption among the operations, before these batches are written."""
        if self.parts:
            operations.add_keys(self.operation, keys, part=self.parts)
        else:
            operations.begin(
                self.operation,
                kind=Kind.ADOPT,
                actor=self.actor,
                keys=keys,
                fields=[],
                summary="valores de un programa anterior",
            )
        self.parts += 1

    def record_end(self) -> None:
        """Record how many batches changed; a run that found nothing to do leaves no record."""
        if self.tally.people_changed and not self.parts:
            self.record([])
        if self.parts:
            operations.finish(self.operation, changed=self.tally.batches_changed)

    def set_aside(
        self, name: str, documents: Sequence[Document], *, kind: str, reason: str
    ) -> None:
        """Move whole documents to the trash; with `dry_run` only count them.

        A document is deleted only when its copy has been read back from the trash byte for byte
        and when it is still what was copied; otherwise it stays and is reported as changed.
        """
        for chunk in chunks(documents, TRASH_CHUNK):
            if self.dry_run:
                gone = list(chunk)
            else:
                self.check()
                trash.put(kind, chunk, reason=reason, actor=self.actor, operation=self.operation)
                gone = self._delete_copied(name, chunk)
            self.tally.set_aside += len(gone)
            self.gone |= {identity(name, document["_id"]) for document in gone}

    def _delete_copied(self, name: str, documents: Sequence[Document]) -> list[Document]:
        copies = self._copies(documents)
        deletions = [
            DeleteOne({"_id": document["_id"], "$expr": _is_still(document)})
            for document in documents
            if copies.get(_trash_key(self.operation, document)) == bson.encode(document)
        ]
        if deletions:
            collection(name).bulk_write(deletions, ordered=False)
        keys = [document["_id"] for document in documents]
        found = collection(name).find({"_id": {"$in": keys}}, {"_id": 1})
        stay = {identity(name, document["_id"]) for document in found}
        self.tally.conflicts += [label(name, key) for key in keys if identity(name, key) in stay]
        return [d for d in documents if identity(name, d["_id"]) not in stay]

    def _copies(self, documents: Sequence[Document]) -> dict[str, bytes]:
        keys = [_trash_key(self.operation, document) for document in documents]
        found = collection(trash.COLLECTION).find({"_id": {"$in": keys}}, {"document": 1})
        return {copy["_id"]: bson.encode(copy["document"]) for copy in found}


def collection(name: str) -> MongoCollection[Document]:
    """Return a collection that reads whatever is in it."""
    return main_collection(name).with_options(codec_options=TOLERANT)


def exactly(document: Mapping[str, Any], path: str) -> Document:
    """Return the condition that a field still is what it was in the document that was read."""
    found = found_at(document, path)
    if found is MISSING:
        return {path: {"$exists": False}}
    return {path: {"$type": "null"} if found is None else {"$eq": found}}


def identity(name: str, key: Any) -> bytes:
    """Return what tells a document from all others: `_id` may be of any type."""
    return bson.encode({name: key})


def label(name: str, key: Any) -> str:
    """Return a document's collection and `_id`, for the report."""
    return f"{name}: {key}"


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence in stretches of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _is_still(document: Document) -> Document:
    return {"$eq": ["$$ROOT", {"$literal": document}]}


def _trash_key(operation: str, document: Document) -> str:
    return f"{operation}:{document['_id']}"
