"""The record of each backup, in `backups`: the list, and the age of the last good one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId

from exports.models import BackupRecord
from exports.services.backups.files import BackupFile
from segmentacion.mongo.clients import Document, main_collection


class Kind(StrEnum):
    MANUAL = "manual"
    SCHEDULED = "scheduled"
    SAFETY = "safety"


class Verdict(StrEnum):
    GOOD = "good"
    FAILED = "failed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Recorded:
    """A record to show: the newest good backup, for instance."""

    file: str
    created_at: datetime
    kind: str


def record_good(made: BackupFile, kind: Kind, *, note: str = "") -> None:
    """Record a backup that was read back and found whole."""
    _insert(
        file=str(made.path),
        kind=kind,
        created_at=made.created_at,
        verdict=Verdict.GOOD,
        size=made.size,
        sha256=made.integrity.sha256,
        counts=made.counts,
        note=note,
    )


def record_failed(kind: Kind, error: str, *, file: str = "") -> None:
    """Record a backup that is not to be counted on, and why."""
    _insert(file=file, kind=kind, created_at=datetime.now(UTC), verdict=Verdict.FAILED, error=error)


def record_removed(file: str) -> None:
    """Record that a backup's file went because newer ones take its place."""
    main_collection(BackupRecord.COLLECTION).update_many(
        {"file": file, "verdict": {"$ne": Verdict.REMOVED}},
        {"$set": {"verdict": str(Verdict.REMOVED), "removed_at": datetime.now(UTC)}},
    )


def records(kind: Kind | None = None) -> list[Document]:
    """Return the records whose files were not removed, newest first."""
    condition: Document = {"verdict": {"$ne": str(Verdict.REMOVED)}}
    condition |= {"kind": str(kind)} if kind else {}
    return list(main_collection(BackupRecord.COLLECTION).find(condition).sort("created_at", -1))


def since(moment: datetime) -> list[Document]:
    """Return the records made after a moment whose files were not removed, newest first."""
    return [record for record in records() if record["created_at"] > moment]


def last_failed() -> Recorded | None:
    """Return the newest backup if it failed, so that what came after the last good one is told."""
    found = main_collection(BackupRecord.COLLECTION).find_one(
        {"verdict": {"$in": [str(Verdict.GOOD), str(Verdict.FAILED)]}}, sort=[("created_at", -1)]
    )
    if found is None or found["verdict"] == Verdict.GOOD:
        return None
    return Recorded(found["file"], found["created_at"], found["kind"])


def last_good() -> Recorded | None:
    """Return the newest good backup, or None when there has been none."""
    found = main_collection(BackupRecord.COLLECTION).find_one(
        {"verdict": str(Verdict.GOOD)}, sort=[("created_at", -1)]
    )
    return Recorded(found["file"], found["created_at"], found["kind"]) if found else None


def _insert(**values: Any) -> None:
    values = {
        name: str(value) if isinstance(value, StrEnum) else value for name, value in values.items()
    }
    main_collection(BackupRecord.COLLECTION).insert_one(
        {"_id": str(ObjectId()), "checked_at": datetime.now(UTC), "note": "", "error": "", **values}
    )
