"""Walking an index page by page, both ways, between two of its keys.

Bounds are given as keys of the index (`min`, `max`), not as comparisons: they follow MongoDB's
order across types, so that odd dates and names of other programs are passed once. Files with the
same key are never parted by a page's end, so that the key alone says where a page stands.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.max_key import MaxKey
from bson.min_key import MinKey

from crew.filters import FilterError
from masks.models import CatalogueFile
from segmentacion.mongo.clients import Document, main_collection

MAX_SAME = 100
MAX_OFFSET = 20_000
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Order:
    """The keys of an index that order the list, as it has them."""

    keys: tuple[tuple[str, int], ...]

    @property
    def room(self) -> int:
        """Return how far a page may go on so as not to part files of one key."""
        return 1 if self.keys[-1][0] == "_id" else 1 + MAX_SAME


@dataclass(frozen=True)
class Walk:
    """The part of an index with these values first, in its order or `backward`. `first` and
    `last` bound a leading date, in the index's order (newest first); `last` is included."""

    prefix: tuple[tuple[str, Any], ...]
    order: Order
    backward: bool = False
    first: datetime | None = None
    last: datetime | None = None

    @property
    def index(self) -> list[tuple[str, int]]:
        return [*((path, 1) for path, _ in self.prefix), *self.order.keys]


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: at an offset (short lists), or after `same` files of this key; with
    `before` it is where the page ends."""

    keys: tuple[Any, ...] = ()
    same: int = 1
    before: bool = False
    offset: int = 0


@dataclass(frozen=True)
class Found:
    documents: list[Document]
    next: Cursor | None
    previous: Cursor | None


def walk(walked: Walk, condition: Document, cursor: Cursor, size: int) -> Found:
    """Return the page at the cursor. Raises FilterError when the cursor is of another list."""
    rows = _read(walked, condition, cursor, size + 1)
    if len(rows) > size and _key(walked, rows[size]) == _key(walked, rows[size - 1]):
        rows = _read(walked, condition, cursor, size + walked.order.room)
    cut = _cut(walked, rows, size)
    more, rows = len(rows) > cut, rows[:cut]
    if cursor.before:
        rows.reverse()
    if not rows:
        return Found([], None, None)
    follows = cursor.before or more
    precedes = more if cursor.before else bool(cursor.keys)
    return Found(
        rows,
        _at(walked, rows, before=False) if follows else None,
        _at(walked, rows, before=True) if precedes else None,
    )


def _read(walked: Walk, condition: Document, cursor: Cursor, limit: int) -> list[Document]:
    low, high = _ends(walked)
    backward = walked.backward != cursor.before
    skip = 0
    if cursor.keys:
        if len(cursor.keys) != len(walked.order.keys):
            raise FilterError("cursor: es de una lista con otros filtros")
        bound = [*walked.prefix, *zip(_paths(walked), cursor.keys, strict=True)]
        if backward:
            high = bound
        else:
            low, skip = bound, cursor.same
    spec = [(path, -way if backward else way) for path, way in walked.index]
    found = main_collection(CatalogueFile.COLLECTION).find(condition).hint(walked.index)
    return list(found.min(low).max(high).sort(spec).skip(skip).limit(limit))


def _ends(walked: Walk) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """Return the keys between which the list is: the lower included, the upper not."""
    low = [(path, MinKey() if way == 1 else MaxKey()) for path, way in walked.order.keys]
    high = [(path, MaxKey() if way == 1 else MinKey()) for path, way in walked.order.keys]
    if walked.first is not None:
        low[0] = (low[0][0], walked.first)  # type: ignore[assignment]
    if walked.last is not None:
        high[0] = (high[0][0], walked.last - MILLISECOND)  # type: ignore[assignment]
    return [*walked.prefix, *low], [*walked.prefix, *high]


def _cut(walked: Walk, rows: list[Document], size: int) -> int:
    """Return where the page ends: after `size` files, and those with the last one's key."""
    cut = min(size, len(rows))
    while 0 < cut < len(rows) and _key(walked, rows[cut]) == _key(walked, rows[cut - 1]):
        cut += 1
    return cut


def _at(walked: Walk, rows: list[Document], *, before: bool) -> Cursor:
    """Return the cursor of the page before these rows, or of the one after them."""
    ordered = rows if before else rows[::-1]
    keys = _key(walked, ordered[0])
    same = takewhile(lambda row: _key(walked, row) == keys, ordered)
    return Cursor(keys, sum(1 for _ in same), before)


def _key(walked: Walk, document: Document) -> tuple[Any, ...]:
    return tuple(document.get(path) for path in _paths(walked))


def _paths(walked: Walk) -> list[str]:
    return [path for path, _ in walked.order.keys]


def encode(cursor: Cursor | None, signature: str) -> str:
    """Return a cursor as text for an address; "" for none."""
    if cursor is None:
        return ""
    content = {
        "s": signature, "k": list(cursor.keys), "n": cursor.same,
        "b": cursor.before, "o": cursor.offset,
    }  # fmt: skip
    return base64.urlsafe_b64encode(bson.encode(content)).decode().rstrip("=")


def decode(text: str, signature: str) -> Cursor:
    """Return the cursor of a text; the beginning for "". Raises FilterError when it is none."""
    if not text:
        return Cursor()
    try:
        padded = text + "=" * (-len(text) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        content: Document = bson.decode(raw, CodecOptions(tz_aware=True))
        cursor = Cursor(
            tuple(content["k"]), int(content["n"]), bool(content["b"]), int(content["o"])
        )
    except (binascii.Error, bson.errors.BSONError, LookupError, TypeError, ValueError) as error:
        raise FilterError("cursor: no es válido") from error
    if content.get("s") != signature:
        raise FilterError("cursor: es de una lista con otro orden")
    if not (0 <= cursor.offset <= MAX_OFFSET and 0 <= cursor.same <= MAX_OFFSET):
        raise FilterError("cursor: no es válido")
    return cursor
