"""What each batch added to the sums, kept so that it can be taken away again.

Shares lie in blocks of some dozens, found by a digest of the batch's `_id`: one document per
batch would cost more to write than all histories to read.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import bson
import orjson
from pymongo.client_session import ClientSession

from batches.models import Batch
from batches.rules.metrics.tally import Entry, Share, Slice
from batches.services.metrics.storing import COLLECTION, Head, lasting
from segmentacion.mongo.clients import Document, main_collection

PER_BLOCK = 64
# Far below a document's limit. Batches that went through thousands of things are not followed.
LARGEST_BLOCK = 8_000_000


class MissingError(Exception):
    """A block is not there: the shares are not whole."""


@dataclass(frozen=True)
class Place:
    """Where the shares of kept sums lie: the name they share, and in how many blocks."""

    base: str
    blocks: int

    def block_of(self, name: str) -> int:
        """Return the number of the block a batch's share lies in."""
        return zlib.crc32(name.encode()) % self.blocks


class Gathering:
    """Shares of all batches, on their way into blocks."""

    def __init__(self, base: str) -> None:
        count = main_collection(Batch.COLLECTION).estimated_document_count()
        self.place = Place(base, max(1, count // PER_BLOCK))
        self._blocks = [bytearray() for _ in range(self.place.blocks)]

    def add(self, key: Any, share: Share) -> None:
        name = name_of(key)
        self._blocks[self.place.block_of(name)] += f"{name}\t{_written(share)}\n".encode()

    def is_small(self) -> bool:
        return max(map(len, self._blocks)) < LARGEST_BLOCK

    def documents(self, head: Head) -> Iterator[Document]:
        """Yield the blocks, and let go of each."""
        for number in reversed(range(self.place.blocks)):
            lines = bytes(self._blocks.pop())
            yield {**lasting(self.place.base, head.at), "block": number, "lines": lines}


class Opened:
    """The blocks in which some batches' shares lie, read within a transaction to be replaced."""

    def __init__(self, place: Place, names: Iterable[str], session: ClientSession) -> None:
        self.place, self._session = place, session
        numbers = sorted({place.block_of(name) for name in names})
        ids = [f"block:{place.base}:{number}" for number in numbers]
        found = main_collection(COLLECTION).find({"_id": {"$in": ids}}, session=session)
        self._blocks = {document["block"]: _lines(document["lines"]) for document in found}
        if len(self._blocks) < len(numbers):
            raise MissingError(place.base)

    def replace(self, name: str, share: Share | None) -> Share | None:
        """Put a share in the place of what was there, which is returned."""
        block = self._blocks[self.place.block_of(name)]
        before = block.pop(name, None)
        if share is not None:
            block[name] = _written(share)
        return None if before is None else _read(before)

    def save(self) -> None:
        """Write the blocks back."""
        for number, block in self._blocks.items():
            lines = "".join(f"{name}\t{text}\n" for name, text in block.items()).encode()
            main_collection(COLLECTION).update_one(
                {"_id": f"block:{self.place.base}:{number}"},
                {"$set": {"lines": lines}},
                session=self._session,
            )


def name_of(key: Any) -> str:
    """Return an `_id`, of whatever type, as a word."""
    return bson.encode({"": key}).hex()


def _lines(lines: bytes) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in lines.decode().splitlines())


def _written(share: Share) -> str:
    slice_ = tuple(share.slice)
    return orjson.dumps((slice_, share.holder, share.overdue, share.entries)).decode()


def _read(text: str) -> Share:
    slice_, holder, overdue, entries = orjson.loads(text)
    found: list[Entry] = [tuple(entry) for entry in entries]
    return Share(Slice(*slice_), found, holder, overdue)
