"""A filter as a MongoDB condition."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils import timezone

from batches.rules.filters import BatchFilter, verdict_kinds
from batches.rules.states import Status
from segmentacion.mongo.clients import Document

PATHS = {
    "id": "id",
    "status": "status",
    "assignee": "assignee",
    "priority": "metadata.priority",
    "due_date": "metadata.due_date",
    "review_status": "metadata.review_status",
    "last_file_upload": "file_info.last_file_upload",
    "updated_at": "updated_at",
}


def condition_of(batch_filter: BatchFilter, *, today: date | None = None) -> Document:
    """Return the condition that a filter is; `today` (local) decides what is overdue."""
    parts: list[Document] = [
        {PATHS[name]: _any_of(values)}
        for name in ("status", "priority", "review_status")
        if (values := getattr(batch_filter, name))
    ]
    if batch_filter.assignee:
        parts.append({"assignee": _assignee(batch_filter.assignee)})
    if batch_filter.uploaded is not None:
        parts.append({"mongo_uploaded": True if batch_filter.uploaded else {"$ne": True}})
    if batch_filter.verdict:
        parts.append(_verdict(batch_filter.verdict))
    if batch_filter.overdue is not None:
        parts.append(_overdue(batch_filter.overdue, today or timezone.localdate()))
    if batch_filter.q:
        parts.append({"id": _search(batch_filter.q)})
    return {"$and": parts} if len(parts) > 1 else (parts[0] if parts else {})


def _any_of(values: tuple[Any, ...]) -> Any:
    return values[0] if len(values) == 1 else {"$in": list(values)}


def _assignee(values: tuple[str, ...]) -> Any:
    """Older programs wrote nobody as null, as an empty text, or not at all."""
    if values == ("",):
        return {"$in": [None, ""]}
    return {"$in": [*values, None]} if "" in values else _any_of(values)


def _verdict(values: tuple[str, ...]) -> Document:
    """A verdict counts only while the batch is marked: without files it shows nothing."""
    return {"mask_verdict.kind": {"$in": verdict_kinds(values)}, "mongo_uploaded": True}


def _overdue(overdue: bool, today: date) -> Document:
    limit = datetime.combine(today, time(), UTC)
    late: Document = {"metadata.due_date": {"$lt": limit}, "status": {"$ne": str(Status.SEGMENTED)}}
    return late if overdue else {"$nor": [late]}


def _search(text: str) -> Document:
    """Match ids that begin with what was typed; `batch_` and the T may be left out.

    Anchored alternatives, because only those use the index.
    """
    typed = re.sub(r"^batch[_-]?", "", text, flags=re.IGNORECASE).upper()
    token = re.escape(typed)
    if typed.startswith("T") or not typed[:1].isdigit():
        return {"$regex": f"^batch_{token}"}
    return {"$in": [re.compile(f"^batch_{token}"), re.compile(f"^batch_T{token}")]}
