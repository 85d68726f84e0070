"""Whether two collections hold the same documents, byte for byte, in whatever order."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.write_concern import WriteConcern

from exports.services.extended_json import LOOK, split
from segmentacion.mongo.clients import Document

AT_ONCE = 1_000
MODULUS = 1 << 128


@dataclass
class Contents:
    """How many documents, and the sum of their digests: equal for equal contents."""

    number: int = 0
    total: int = 0

    def add(self, raws: Iterable[bytes]) -> None:
        digest = hashlib.blake2b
        for raw in raws:
            self.number += 1
            self.total += int.from_bytes(digest(raw, digest_size=16).digest(), "little")
        self.total %= MODULUS

    def take_away(self, raws: Iterable[bytes]) -> None:
        gone = Contents()
        gone.add(raws)
        self.number -= gone.number
        self.total = (self.total - gone.total) % MODULUS

    def plus(self, other: "Contents") -> "Contents":
        return Contents(self.number + other.number, (self.total + other.total) % MODULUS)


def contents_of(collection: Collection[Any]) -> Contents:
    """Read a whole collection and return what it holds."""
    contents = Contents()
    for stretch in collection.find_raw_batches({}, batch_size=AT_ONCE):
        contents.add(split(stretch))
    return contents


def digest_of(collection: Collection[Any]) -> bytes:
    """Read a whole collection and return the digest of its documents, one after another in the
    order the server gives them: mostly, not surely, that in which they were inserted."""
    digest = hashlib.blake2b()
    for stretch in collection.find_raw_batches({}, batch_size=AT_ONCE):
        digest.update(stretch)
    return digest.digest()


def insert(collection: Collection[Document], raws: list[bytes]) -> None:
    """Insert documents as they are, acknowledged but not yet on the disk: whoever counts on them
    makes a durable write afterwards. Raises BulkWriteError."""
    if raws:
        quick = collection.with_options(write_concern=WriteConcern(w=1, j=False))
        documents: Any = [RawBSONDocument(raw, LOOK) for raw in raws]
        quick.insert_many(documents, ordered=False)
