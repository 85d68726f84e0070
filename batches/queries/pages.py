"""A page of batches: any filter, any sort offered, any depth, from plain indexes."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions
from django.utils import timezone

from batches.models import Batch
from batches.queries.conditions import PATHS, condition_of
from batches.queries.counters import counters
from batches.queries.counts import kept
from batches.rules.filters import PageRequest
from batches.rules.states import Priority, Review, Status
from crew.filters import FilterError
from segmentacion.mongo.clients import Document, main_collection

# Sorted in the order people mean, not by letter: one indexed read per value, in this order.
ENUMERATED: dict[str, list[str]] = {
    "status": [str(value) for value in Status],
    "priority": [str(value) for value in Priority],
    "review_status": [str(value) for value in Review],
}
LISTED = {"history": 0}
# For a row on screen: of the thread of comments, only how long it is.
ROWS = {"history": 0, "comment_thread.text": 0, "comment_thread.who": 0, "comment_thread.at": 0}


@dataclass(frozen=True)
class BatchPage:
    """Documents of one page (without history) and where it stands in the whole."""

    documents: list[Document]
    total: int
    page: int
    per_page: int
    next_cursor: str | None

    @property
    def pages(self) -> int:
        """Return how many pages there are; one when the list is empty."""
        return max(1, -(-self.total // self.per_page))


def page(request: PageRequest, *, fields: Document = LISTED) -> BatchPage:
    """Return a page. Raises FilterError when the cursor is not one of this list's."""
    condition = condition_of(request.filter)
    subject = {"condition": repr(condition), "day": str(timezone.localdate())}
    segments = _segments(request, condition, subject)
    total = sum(count for _, count in segments)
    if request.cursor:
        found = _after_cursor(request, condition, segments, fields)
    else:
        found = _at_offset(request, segments, (request.page - 1) * request.per_page, fields)
    documents = list(found)
    more = len(documents) == request.per_page and total > request.per_page
    return BatchPage(
        documents=documents,
        total=total,
        page=request.page,
        per_page=request.per_page,
        next_cursor=_encode_cursor(request, documents[-1]) if more else None,
    )


Segments = list[tuple[Document, int]]


def _segments(request: PageRequest, condition: Document, subject: Document) -> Segments:
    """Return the list as stretches in order, each an indexed condition and its length."""
    collection = main_collection(Batch.COLLECTION)
    if request.sort not in ENUMERATED and not condition:
        return [(condition, counters().total)]  # counted anyway, for the dashboard
    if request.sort not in ENUMERATED:
        count = kept("count", subject, lambda: collection.count_documents(condition))
        return [(condition, count)]
    conditions = stretches(request)
    counts = kept(
        f"count_by_{request.sort}_{request.descending}",
        subject,
        lambda: [collection.count_documents(part) for part in conditions],
    )
    return list(zip(conditions, counts, strict=True))


def stretches(request: PageRequest) -> list[Document]:
    """Return the conditions whose results, one after another, are the list: one per value where
    the order is that of the values, else one."""
    condition = condition_of(request.filter)
    if request.sort not in ENUMERATED:
        return [condition]
    path, values = PATHS[request.sort], ENUMERATED[request.sort]
    conditions = [_both(condition, {path: value}) for value in values]
    conditions.append(_both(condition, {path: {"$nin": values}}))
    if request.descending:
        conditions.reverse()
    return conditions


def _at_offset(
    request: PageRequest, segments: Segments, skip: int, fields: Document
) -> Iterator[Document]:
    wanted = request.per_page
    for condition, count in segments:
        if skip >= count:
            skip -= count
            continue
        for document in _between(request, (condition, count), skip, wanted, fields):
            wanted -= 1
            yield document
        skip = 0
        if wanted <= 0:
            return


def _between(
    request: PageRequest, segment: tuple[Document, int], skip: int, wanted: int, fields: Document
) -> Iterable[Document]:
    """Return the documents of a stretch after the first `skip`, reached from its nearer end: what
    is skipped is walked, key by key."""
    condition, count = segment
    order = order_of(request)
    found = main_collection(Batch.COLLECTION).find(condition, fields)
    if skip <= count // 2:
        return found.sort(order).skip(skip).limit(wanted)
    there = min(wanted, count - skip)
    backwards = [(path, -direction) for path, direction in order]
    return reversed(list(found.sort(backwards).skip(count - skip - there).limit(there)))


def _after_cursor(
    request: PageRequest, condition: Document, segments: Segments, fields: Document
) -> Iterator[Document]:
    value, last_id = _decode_cursor(request)
    if request.sort in ENUMERATED:
        yield from _after_in_segments(request, segments, value, last_id, fields)
        return
    order = order_of(request)
    bound = list(zip((path for path, _ in order), (value, last_id), strict=False))
    if request.sort == "id":
        bound = [("id", last_id)]
    index = [(path, 1) for path, _ in order]
    cursor = main_collection(Batch.COLLECTION).find(condition, fields)
    cursor = cursor.sort(order).hint(index)
    # Index bounds follow MongoDB's order across types, which a comparison would not: dates,
    # nulls and odd texts are all passed once. `max` excludes the bound itself, `min` does not.
    if request.descending:
        yield from cursor.max(bound).limit(request.per_page)
    else:
        yield from cursor.min(bound).skip(1).limit(request.per_page)


def _after_in_segments(
    request: PageRequest, segments: Segments, value: Any, last_id: Any, fields: Document
) -> Iterator[Document]:
    values: list[Any] = [*ENUMERATED[request.sort], None]
    if request.descending:
        values.reverse()
    current = values.index(value) if value in values else values.index(None)
    first, _ = segments[current]
    beyond = _beyond(last_id, descending=request.descending)
    rest = [(_both(first, {"id": beyond}), 1), *segments[current + 1 :]]
    yield from _at_offset(request, [(part, max(count, 1)) for part, count in rest], 0, fields)


def _beyond(last_id: Any, *, descending: bool) -> Document:
    """Return the condition on ids after this one. A batch of an older program may have none:
    it comes before all others, and a plain comparison would match nothing across types."""
    if last_id is None:
        return {"$in": []} if descending else {"$ne": None}
    return {"$not": {"$gte": last_id}} if descending else {"$gt": last_id}


def order_of(request: PageRequest) -> list[tuple[str, int]]:
    """Return the sort within a stretch of the list; an index serves it."""
    direction = -1 if request.descending else 1
    if request.sort == "id" or request.sort in ENUMERATED:
        return [("id", direction)]
    return [(PATHS[request.sort], direction), ("id", direction)]


def _both(first: Document, second: Document) -> Document:
    return {"$and": [first, second]} if first else second


def _encode_cursor(request: PageRequest, document: Document) -> str:
    value: Any = document
    for name in PATHS[request.sort].split("."):
        value = value.get(name) if isinstance(value, dict) else None
    content = bson.encode({"s": _signature(request), "v": value, "i": document.get("id")})
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decode_cursor(request: PageRequest) -> tuple[Any, Any]:
    try:
        padded = request.cursor + "=" * (-len(request.cursor) % 4)
        content: Document = bson.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), CodecOptions(tz_aware=True)
        )
        if content["s"] != _signature(request):
            raise FilterError("cursor: es de una lista con otro orden")
        return content["v"], content["i"]
    except (binascii.Error, bson.errors.BSONError, KeyError, ValueError) as error:
        raise FilterError("cursor: no es válido") from error


def _signature(request: PageRequest) -> str:
    return ("-" if request.descending else "") + request.sort
