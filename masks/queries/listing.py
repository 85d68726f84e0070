"""A page of the catalogue of mask files: any filter, both sorts, any depth, from plain indexes.

A list of more than a thousand files is walked along the index of its order, between two of its
keys (docs/decisions/0018). A shorter one is found by its filter and sorted as a whole.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from batches.models import IDS_VERSION
from batches.queries.counts import kept
from masks.models import SYNC_VERSION, VERDICTS_VERSION, CatalogueFile
from masks.queries import walking
from masks.queries.unknown import MAX_LISTED, kept_unknown
from masks.rules.listing import UNVERIFIED, BatchState, FileFilter, FileRequest, Search
from segmentacion.mongo.clients import Document, main_collection

COUNT_LIMIT = 10_000
SMALL = 1_000
MAX_PEOPLE = 100
# Of batches only which there are: what is said about them changes no list of files.
DEPENDS_ON = (IDS_VERSION, SYNC_VERSION, VERDICTS_VERSION)
BY_DATE = walking.Order((("uploadDate", -1), ("_id", -1)))
NAMES = "here_1_filename_1_uploadDate_1"
BY_NAME = walking.Order((("filename", 1), ("uploadDate", 1)))


@dataclass(frozen=True)
class FilePage:
    """Files of one page and where it stands. `count` is exact up to 10,000; one more means
    more. `next` and `previous` are cursors, "" where there is nothing."""

    documents: list[Document]
    count: int
    next: str
    previous: str

    @property
    def is_counted(self) -> bool:
        return self.count <= COUNT_LIMIT


def page(asked: FileRequest) -> FilePage:
    """Return a page. Raises FilterError when the cursor is not one of this list's."""
    condition = condition_of(asked.filter)
    count = counted(asked.filter, condition)
    cursor = walking.decode(asked.cursor, _signature(asked))
    if cursor.offset or (not cursor.keys and count <= SMALL):
        found = _sorted(asked, condition, cursor.offset)
    else:
        found = walking.walk(_walk_of(asked), condition, cursor, asked.per_page)
    signature = _signature(asked)
    return FilePage(
        found.documents,
        count,
        walking.encode(found.next, signature),
        walking.encode(found.previous, signature),
    )


def counted(asked: FileFilter, condition: Document | None = None) -> int:
    """Return how many files pass a filter, 10,001 when more; kept by data version."""
    files = main_collection(CatalogueFile.COLLECTION)
    wanted = condition_of(asked) if condition is None else condition
    options = {"limit": COUNT_LIMIT + 1, **_hint(asked)}
    return int(
        kept(
            "files",
            {"condition": repr(wanted)},
            lambda: files.count_documents(wanted, **options),
            of=DEPENDS_ON,
        )
    )


def _hint(asked: FileFilter) -> Document:
    """A search inside names is made on the keys of the names' index, not on the files."""
    return {"hint": NAMES} if asked.search and asked.search.inside else {}


def people() -> list[str]:
    """Return who uploaded files, in order; the first hundred."""
    files = main_collection(CatalogueFile.COLLECTION)
    found = kept("files_by", {}, lambda: _texts(files.distinct("uploaded_by", {"here": True})),
                 of=DEPENDS_ON)  # fmt: skip
    return list(found)


def _texts(values: Iterable[Any]) -> list[str]:
    return sorted(value for value in values if isinstance(value, str) and value)[:MAX_PEOPLE]


def condition_of(asked: FileFilter) -> Document:
    """Return the condition that a filter is."""
    parts: list[Document] = []
    if asked.search:
        parts.append(_search(asked.search))
    if asked.verdict:
        kinds = [None if kind == UNVERIFIED else kind for kind in asked.verdict]
        parts.append({"verdict.kind": _any_of(kinds)})
    if asked.batch:
        parts.append(_batch(asked.batch))
    if asked.conflict:
        parts.append({"conflict": True})
    if asked.who:
        parts.append({"uploaded_by": _any_of(list(asked.who))})
    if asked.start or asked.end:
        parts.append({"uploadDate": _period(asked)})
    return {"here": not asked.gone} | ({"$and": parts} if parts else {})


def _any_of(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else {"$in": values}


def _search(search: Search) -> Document:
    if search.inside:
        return {"filename": {"$regex": re.escape(search.text), "$options": "i"}}
    by_name: Document = {"filename": {"$regex": f"^{re.escape(search.text)}"}}
    if not search.ids:
        return by_name
    by_id = [{"batches": {"$regex": f"^{re.escape(one)}"}} for one in search.ids]
    return {"$or": [by_name, *by_id]}


def _batch(asked: str) -> Document:
    if asked == BatchState.NONE:
        return {"batches": []}
    if asked == BatchState.UNKNOWN:
        return {"batches": {"$in": _unknown_ids()}}
    if asked == BatchState.KNOWN:
        return {"batches": {"$gt": "", "$nin": _unknown_ids()}}
    return {"batches": asked}


def _unknown_ids() -> list[str]:
    return [one.id for one in kept_unknown(MAX_LISTED).first]


def _period(asked: FileFilter) -> Document:
    bounds = _bounds(asked)
    return {
        operator: moment
        for operator, moment in (("$gte", bounds[0]), ("$lt", bounds[1]))
        if moment is not None
    }


def _bounds(asked: FileFilter) -> tuple[datetime | None, datetime | None]:
    """Return the local days as moments: the first included, the second not."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(asked.start, time(), zone) if asked.start else None
    end = datetime.combine(asked.end + timedelta(days=1), time(), zone) if asked.end else None
    return start, end


def _walk_of(asked: FileRequest) -> walking.Walk:
    """Return the index whose order is the list's, and the part of it that holds the list."""
    here: tuple[str, Any] = ("here", not asked.filter.gone)
    if asked.sort == "name":
        return walking.Walk((here,), BY_NAME, backward=asked.descending)
    wanted, prefix, order = asked.filter, (here,), BY_DATE
    if wanted.batch and wanted.batch not in list(BatchState):
        prefix = (("batches", wanted.batch), here)  # type: ignore[assignment]
        order = walking.Order((("uploadDate", -1),))
    elif wanted.conflict:
        prefix = (("conflict", True), here)  # type: ignore[assignment]
    elif len(wanted.who) == 1:
        prefix = (here, ("uploaded_by", wanted.who[0]))  # type: ignore[assignment]
    elif len(wanted.verdict) == 1:
        kind = None if wanted.verdict[0] == UNVERIFIED else wanted.verdict[0]
        prefix = (here, ("verdict.kind", kind))  # type: ignore[assignment]
    start, end = _bounds(wanted)
    return walking.Walk(prefix, order, not asked.descending, first=end, last=start)


def _sorted(asked: FileRequest, condition: Document, offset: int) -> walking.Found:
    """Return a page of a short list, sorted as a whole: at most about a thousand files."""
    order = BY_NAME if asked.sort == "name" else BY_DATE
    natural = asked.descending == (order is BY_DATE)
    keys = [*order.keys, *([("_id", 1)] if order is BY_NAME else [])]
    spec = [(path, direction if natural else -direction) for path, direction in keys]
    files = main_collection(CatalogueFile.COLLECTION)
    found = files.find(condition, **_hint(asked.filter)).sort(spec)
    rows = list(found.skip(offset).limit(asked.per_page + 1))
    size = asked.per_page
    following = walking.Cursor(offset=offset + size) if len(rows) > size else None
    back = max(0, offset - size)
    before = walking.Cursor(offset=back) if offset else None
    return walking.Found(rows[:size], following, before)


def _signature(asked: FileRequest) -> str:
    return ("-" if asked.descending else "") + asked.sort
