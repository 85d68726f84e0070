"""What the endpoints of batches answer, for the OpenAPI document (see segmentacion.http.schemas).

Fields that this system does not know are part of a batch, and are answered too.
"""

from typing import Any

from ninja import Schema
from pydantic import ConfigDict

from batches.rules.filters import CHOICES, FILTERS, MAX_PER_PAGE, PAGING, SORTS
from segmentacion.http.schemas import Done, ErrorAnswer


class Metadata(Schema):
    """Times are local, `AAAA-MM-DD HH:MM:SS`; `due_date` is `AAAA-MM-DD`."""

    model_config = ConfigDict(extra="allow")

    assigned_at: str | None
    due_date: str | None
    priority: str
    review_status: str
    total_masks: int
    completed_masks: int


class FileInfo(Schema):
    model_config = ConfigDict(extra="allow")

    file_count: int
    last_file_upload: str | None
    has_files: bool
    files: list[str]


class VerdictOut(Schema):
    """What verifying found in the newest mask file; null while it is not verified."""

    model_config = ConfigDict(extra="allow")

    kind: str
    reason: str | None
    filename: str | None
    checked_at: str | None


class BatchOut(Schema):
    """A batch. Times are ISO 8601 UTC; `history` is there when asked for."""

    model_config = ConfigDict(extra="allow")

    id: str
    folder: str
    assignee: str | None
    status: str
    comments: str
    mongo_uploaded: bool
    file_info: FileInfo
    metadata: Metadata
    version: int
    created_at: str | None
    updated_at: str | None
    completed_at: str | None
    reviewed_at: str | None
    mask_verdict: VerdictOut | None


class BatchAnswer(Done):
    batch: BatchOut


class BatchList(Done):
    batches: list[BatchOut]
    total: int
    page: int
    per_page: int
    pages: int
    next_cursor: str | None


class StaleAnswer(ErrorAnswer):
    """Refused; with `batch` as it is now when somebody else changed it."""

    batch: BatchOut | None = None


class Refused(Schema):
    id: str
    error: str


class BulkAnswer(Done):
    """`operation` undoes it: `POST /api/undo/<operation>`; null when nothing was written."""

    matched: int
    changed: int
    refused: list[Refused]
    operation: str | None
    dry_run: bool


class DeletionAnswer(Done):
    matched: int
    changed: int
    refused: list[Refused]
    operation: str | None


class DeletedAnswer(Done):
    message: str
    operation: str


class UndoAnswer(Done):
    """`operation` undoes the undo."""

    restored: int
    refused: list[Refused]
    operation: str


class TransferAnswer(Done):
    changed: int
    refused: list[Refused]
    operation: str | None


class ShareOut(Schema):
    """What one person gets, and the open load before and after."""

    person: str
    count: int
    before: int
    after: int


class DistributionAnswer(Done):
    matched: int
    shares: list[ShareOut]
    changed: int
    refused: list[Refused]
    operation: str | None
    dry_run: bool


class ViewOut(Schema):
    model_config = ConfigDict(extra="allow")

    key: str
    name: str
    query: str


class ViewAnswer(Done):
    view: ViewOut


def list_parameters() -> list[dict[str, Any]]:
    """Return the query parameters of the list, which is read by batches.rules.filters."""
    kinds: dict[str, dict[str, Any]] = {
        "page": {"type": "integer", "minimum": 1},
        "per_page": {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE},
        "sort": {"type": "string", "enum": [*SORTS, *(f"-{name}" for name in SORTS)]},
        "uploaded": {"type": "boolean"},
        "overdue": {"type": "boolean"},
        **{name: {"type": "string", "enum": [*map(str, kind)]} for name, kind in CHOICES.items()},
    }
    return [
        {
            "in": "query",
            "name": name,
            "required": False,
            "schema": kinds.get(name, {"type": "string"}),
        }
        for name in (*FILTERS, *PAGING)
    ]
