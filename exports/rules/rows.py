"""A stored batch as the cells of a row, whatever an older program left in it."""

from typing import Any

from batches.rules.states import Priority, Review, Status
from batches.rules.verdicts import VERDICT_LABELS

Document = dict[str, Any]
NOTHING: Document = {}
NOT_SEGMENTED, MEDIUM, PENDING = (
    str(Status.NOT_SEGMENTED),
    str(Priority.MEDIUM),
    str(Review.PENDING),
)
LABELS = {str(kind): label for kind, label in VERDICT_LABELS.items()}


def as_cells(document: Document) -> tuple[Any, ...]:
    """Return the cells of `exports.rules.sheets.BATCHES`. Dates are as stored."""
    get = document.get
    metadata, info, verdict = get("metadata"), get("file_info"), get("mask_verdict")
    if type(metadata) is not dict:
        metadata = NOTHING
    if type(info) is not dict:
        info = NOTHING
    uploaded = get("mongo_uploaded") is True
    return (
        get("id"),
        get("assignee") or None,
        get("status") or NOT_SEGMENTED,
        metadata.get("priority") or MEDIUM,
        metadata.get("review_status") or PENDING,
        metadata.get("due_date"),
        "Sí" if uploaded else "No",
        info.get("file_count", 0),
        info.get("last_file_upload"),
        _verdict(verdict) if uploaded and verdict else None,
        metadata.get("completed_masks", 0),
        metadata.get("total_masks", 0),
        metadata.get("assigned_at"),
        get("updated_at"),
        get("comments"),
        get("folder"),
    )


def _verdict(stored: Any) -> str | None:
    kind = stored.get("kind") if isinstance(stored, dict) else None
    return LABELS.get(str(kind), str(kind)) if kind else None
