"""Reads of the intake: how it stands, and its images."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from pymongo.collection import Collection

from masks.intake.folders import FolderError, Folders
from masks.intake.rules import IN_WORK, Folder, State
from masks.models import IntakeImage
from segmentacion.mongo.clients import Document, main_collection

PICTURES = {"preview": 0, "mask": 0}


@dataclass(frozen=True)
class Status:
    """How the intake stands.

    `waiting` counts files of source that can be taken, `in_work` images of images_sources that
    can go on; `working` is who works right now; `trouble` is what is wrong with the folders.
    """

    current: Document | None
    pending_uploads: int = 0
    waiting: int = 0
    in_work: int = 0
    archived: int = 0
    forced: int = 0
    failed: int = 0
    missing: int = 0
    retrying: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    working: str = ""
    trouble: str = ""

    @property
    def system(self) -> str:
        """Return `ok`, `working`, `attention` (a person is needed) or `error` (no folders)."""
        if self.trouble:
            return "error"
        if self.failed or self.missing:
            return "attention"
        return "working" if self.working else "ok"


def folder_id() -> str | None:
    """Return the id of this installation's folders; None before the first work in them."""
    return _folders().identity()


def status() -> Status:
    """Return how the intake stands: two reads of the database, one listing of source."""
    try:
        identity = folder_id()
        waiting, skipped = _waiting()
    except FolderError as error:
        return Status(None, trouble=str(error))
    if identity is None:
        return Status(None, waiting=waiting, skipped=skipped)
    counts = _counts(identity)
    # What waits in source and is recorded there needs a person, and is counted as that.
    given_up = _collection().count_documents(
        {"folder": identity, "state": State.FAILED.value, "where": Folder.WAITING.value}
    )
    retried = {"folder": identity, "next_attempt_at": {"$ne": None}}
    return Status(
        current=_current(identity),
        pending_uploads=counts.get(State.WAITING_UPLOAD, 0) + counts.get(State.UPLOADING, 0),
        waiting=max(0, waiting - given_up),
        in_work=sum(counts.get(state, 0) for state in IN_WORK),
        archived=counts.get(State.ARCHIVED, 0),
        forced=counts.get(State.FORCED, 0),
        failed=counts.get(State.FAILED, 0),
        missing=counts.get(State.MISSING, 0),
        retrying=_collection().count_documents(retried),
        skipped=skipped,
        working=_who_works(identity),
    )


def _current(identity: str) -> Document | None:
    states = [state.value for state in IN_WORK]
    condition = {"folder": identity, "state": {"$in": states}}
    return _collection().find_one(condition, {**PICTURES, "history": 0}, sort=[("position", 1)])


def _counts(identity: str) -> dict[str, int]:
    """Return how many images are in each state, from the index alone."""
    rows = _collection().aggregate(
        [{"$match": {"folder": identity}}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]
    )
    return {row["_id"]: row["count"] for row in rows}


def _waiting() -> tuple[int, tuple[tuple[str, str], ...]]:
    folders = _folders()
    if not folders.of(Folder.WAITING).is_dir():
        return 0, ()
    found = folders.listing(Folder.WAITING)
    skipped = sorted((name, reason) for name, reason in found if reason)
    return len(found) - len(skipped), tuple(skipped)


def _who_works(identity: str) -> str:
    found = main_collection("leases").find_one(
        {"_id": f"intake:{identity}", "$expr": {"$gt": ["$expires_at", "$$NOW"]}}
    )
    return str((found or {}).get("info", {}).get("who") or "") if found else ""


def _folders() -> Folders:
    return Folders(Path(settings.DATA_DIRECTORY))


def _collection() -> Collection[Document]:
    return main_collection(IntakeImage.COLLECTION)
