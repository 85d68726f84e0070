"""A batch as the API shows it, and as a row of a page; one tolerant reading of its document."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone

from batches.models import empty_file_info, empty_metadata
from batches.rules.states import Status
from batches.rules.verdicts import Verdict, read_verdict
from segmentacion.mongo.clients import Document


def as_json(document: Document) -> Document:
    """Return a batch in the shape of the API: local times in `metadata`, no internal `_id`.

    Fields this system does not know are included; a value of the wrong type is shown as it is.
    """
    shown = {name: value for name, value in document.items() if name != "_id"}
    metadata = {**empty_metadata(), **_mapping(document.get("metadata"))}
    metadata["assigned_at"] = _local_time(metadata["assigned_at"])
    metadata["due_date"] = _plain_date(metadata["due_date"])
    shown["metadata"] = metadata
    shown["file_info"] = {**empty_file_info(), **_mapping(document.get("file_info"))}
    shown["assignee"] = document.get("assignee") or None
    for name, default in DEFAULTS.items():
        if shown.get(name) is None:
            shown[name] = default
    for name in ("created_at", "updated_at", "completed_at", "reviewed_at", "mask_verdict"):
        shown.setdefault(name, None)
    return shown


DEFAULTS: dict[str, Any] = {
    "folder": "",
    "status": str(Status.NOT_SEGMENTED),
    "comments": "",
    "mongo_uploaded": False,
    "version": 0,
}


@dataclass(frozen=True)
class BatchRow:
    """A batch as a row of a table. Dates that could not be read are texts as stored.

    `comments` are the notes; `comment_count` is how long the thread of comments is. `verdict` is
    None while the masks are not verified.
    """

    id: str
    folder: str
    assignee: str | None
    status: str
    comments: str
    comment_count: int
    priority: str
    review_status: str
    review_comment: str
    due_date: Any
    overdue_days: int
    assigned_at: Any
    uploaded: bool
    file_count: int
    files: list[str]
    last_file_upload: Any
    verdict: Verdict | None
    total_masks: int
    completed_masks: int
    updated_at: Any
    version: int


def as_row(document: Document, today: date) -> BatchRow:
    """Return a batch as a row; `today` (local) decides what is overdue."""
    metadata = {**empty_metadata(), **_mapping(document.get("metadata"))}
    info = {**empty_file_info(), **_mapping(document.get("file_info"))}
    status = str(document.get("status") or Status.NOT_SEGMENTED)
    return BatchRow(
        id=str(document.get("id") or ""),
        folder=str(document.get("folder") or ""),
        assignee=document.get("assignee") or None,
        status=status,
        comments=str(document.get("comments") or ""),
        comment_count=_length(document.get("comment_thread")),
        priority=str(metadata["priority"]),
        review_status=str(metadata["review_status"]),
        review_comment=str(metadata.get("review_comment") or ""),
        due_date=metadata["due_date"],
        overdue_days=_overdue_days(metadata["due_date"], status, today),
        assigned_at=metadata["assigned_at"],
        uploaded=document.get("mongo_uploaded") is True,
        file_count=_count(info["file_count"]),
        files=[str(name) for name in info["files"]] if isinstance(info["files"], list) else [],
        last_file_upload=info["last_file_upload"],
        verdict=read_verdict(document.get("mask_verdict")),
        total_masks=_count(metadata["total_masks"]),
        completed_masks=_count(metadata["completed_masks"]),
        updated_at=document.get("updated_at"),
        version=_count(document.get("version")),
    )


def _overdue_days(due: Any, status: str, today: date) -> int:
    if not isinstance(due, datetime) or status == Status.SEGMENTED:
        return 0
    return max(0, (today - due.date()).days)


def _mapping(value: Any) -> Document:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _local_time(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return f"{timezone.localtime(aware):%Y-%m-%d %H:%M:%S}"


def _plain_date(value: Any) -> Any:
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else value
