"""What the page of the intake shows: every figure from the database and the folders, no writes."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo.collection import Collection

from masks.intake import queries
from masks.intake.folders import FolderError, Folders
from masks.intake.queries import Status
from masks.intake.rules import IN_WORK, Folder, State, order_key
from masks.models import IntakeImage
from segmentacion.mongo.clients import Document, main_collection

QUEUE_SHOWN = 20
WORK_SHOWN = 20
FAILED_SHOWN = 50
DONE_SHOWN = 12
ENDS = (State.ARCHIVED, State.FORCED)
TROUBLED = (State.FAILED, State.MISSING)
# Everything but the two pictures, which have addresses of their own.
FIELDS: dict[str, Any] = {
    **dict.fromkeys(
        (
            "name", "file", "position", "state", "where", "attempts", "error", "next_attempt_at",
            "width", "height", "format", "code", "length", "sha256", "extra", "processed_at",
            "archived_at", "updated_at", "duplicate_of",
        ),
        1,
    ),
    "has_preview": {"$gt": ["$preview", None]},
    "has_mask": {"$gt": ["$mask", None]},
}  # fmt: skip


@dataclass(frozen=True)
class Queue:
    """What waits in source: how many, and the first names."""

    count: int = 0
    first: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Gallery:
    """Everything the page shows. `last_hour`: how many images were archived in it."""

    status: Status
    queue: Queue
    work: list[Document] = field(default_factory=list)
    failed: list[Document] = field(default_factory=list)
    done: list[Document] = field(default_factory=list)
    last_hour: int = 0


def gallery(folders: Folders) -> Gallery:
    """Return what there is to show; only what waits when nothing was ever taken."""
    status, queue = queries.status(), look(folders)
    identity = _identity(folders)
    if identity is None:
        return Gallery(status, queue)
    return Gallery(
        status,
        queue,
        work=_found(identity, IN_WORK, ("position", 1), WORK_SHOWN),
        failed=_found(identity, TROUBLED, ("position", 1), FAILED_SHOWN),
        done=_found(identity, ENDS, ("updated_at", -1), DONE_SHOWN),
        last_hour=_last_hour(identity),
    )


def version(folders: Folders) -> str:
    """Return a text that changes when what the page shows changes; cheap to ask for."""
    newest = _images().find_one(
        {"folder": _identity(folders)},
        {"updated_at": 1, "state": 1},
        sort=[("updated_at", -1), ("_id", -1)],
    )
    parts: list[object] = [newest and (newest["_id"], newest["updated_at"], newest["state"])]
    return repr(parts + [_changed_at(folders.of(folder)) for folder in Folder])


def picture(folders: Folders, image_id: str, kind: str) -> bytes | None:
    """Return an image's `preview` (JPEG) or `mask` (PNG); None when it has none."""
    if not ObjectId.is_valid(image_id):
        return None
    condition = {"_id": ObjectId(image_id), "folder": _identity(folders)}
    content = (_images().find_one(condition, {kind: 1}) or {}).get(kind)
    return bytes(content) if content else None


def look(folders: Folders) -> Queue:
    """Return what waits in source, in the order it will be taken."""
    try:
        names = [name for name, reason in folders.listing(Folder.WAITING) if not reason]
    except FolderError:  # not there yet, or the status says why
        return Queue()
    return Queue(len(names), heapq.nsmallest(QUEUE_SHOWN, names, key=order_key))


def _identity(folders: Folders) -> str | None:
    try:
        return folders.identity()
    except FolderError:
        return None


def _images() -> Collection[Document]:
    return main_collection(IntakeImage.COLLECTION)


def _found(
    identity: str, states: Iterable[State], order: tuple[str, int], limit: int
) -> list[Document]:
    condition = {"folder": identity, "state": {"$in": [state.value for state in states]}}
    return list(_images().find(condition, FIELDS).sort(*order).limit(limit))


def _last_hour(identity: str) -> int:
    since = datetime.now(UTC) - timedelta(hours=1)
    condition = {
        "folder": identity,
        "updated_at": {"$gte": since},
        "state": {"$in": [state.value for state in ENDS]},
    }
    return int(_images().count_documents(condition))


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
