"""The automatic backup: written, read back, restored for trial, recorded; old ones removed."""

import logging
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from pymongo.errors import PyMongoError

from exports.rules.backup import BackupError
from exports.rules.retention import Kept, Retention, to_remove
from exports.services.backups import records
from exports.services.backups.files import BackupFile, folder, write_backup
from exports.services.backups.progress import Progress
from exports.services.backups.records import Kind
from exports.services.backups.trial import try_restore
from segmentacion.mongo.leases import LeaseTaken, held

logger = logging.getLogger("segmentacion.backups")
LEASE = "backup_scheduled"
DAY, RETRY, CLOCKS = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)


@dataclass
class ScheduledReport:
    """What a scheduled run made and removed; `note` says what could not be checked."""

    made: BackupFile
    note: str = ""
    removed: list[str] = field(default_factory=list)


def is_due(now: datetime) -> bool:
    """Tell whether an automatic backup is to be made: no good one is younger than a day, and the
    last attempt did not fail a moment ago.

    A backup whose file went from this host does not count, nor one of the future: a clock was
    wrong.
    """
    for record in records.since(now - DAY):
        age = now - record["created_at"]
        if age < -CLOCKS:
            continue
        if record["verdict"] == records.Verdict.GOOD and _stands(Path(record["file"])):
            return False
        if record["kind"] == records.Kind.SCHEDULED and age < RETRY:
            return False
    return True


def _stands(file: Path) -> bool:
    return file.is_file() or not file.parent.is_dir()


def run_scheduled(to: Path | None = None) -> Generator[Progress, None, ScheduledReport]:
    """Make the automatic backup; yield progress, return the report.

    Side effects: a file, a record, old files removed, an e-mail when it fails and
    BACKUP_MAIL_TO is set. Raises BackupError and PyMongoError, recorded first.
    """
    try:
        with held(LEASE, seconds=60):
            return (yield from _run(to))
    except LeaseTaken as taken:
        raise BackupError("Ya hay un respaldo automático en curso.") from taken
    except (BackupError, PyMongoError) as error:
        _tell(str(error))
        raise


def _run(to: Path | None) -> Generator[Progress, None, ScheduledReport]:
    made = None
    try:
        made = yield from write_backup(to)
        note = yield from try_restore(made.path)
    except (BackupError, PyMongoError) as error:
        _record_failure(str(error), made)
        raise
    records.record_good(made, Kind.SCHEDULED, note=note)
    report = ScheduledReport(made, note)
    report.removed = remove_old()
    return report


def remove_old(retention: Retention = Retention()) -> list[str]:  # noqa: B008
    """Remove the automatic backups that the rule does not keep; return their files."""
    found = [
        Kept(r["file"], timezone.localtime(r["created_at"]), r["verdict"] == "good")
        for r in records.records(Kind.SCHEDULED)
        if r["file"] and Path(r["file"]).parent.is_dir()  # else it is on another host
    ]
    gone = to_remove(found, retention)
    for file in gone:
        Path(file).unlink(missing_ok=True)
        records.record_removed(file)
    return gone


def _record_failure(error: str, made: BackupFile | None) -> None:
    """Record why; what fails when the database is away stays in the log."""
    try:
        records.record_failed(Kind.SCHEDULED, error, file=str(made.path) if made else "")
    except PyMongoError:
        logger.exception("The failed backup could not be recorded.")


def _tell(error: str) -> None:
    logger.error("The scheduled backup failed: %s", error)
    if not settings.BACKUP_MAIL_TO:
        return
    try:
        send_mail(
            "Segmentación: el respaldo automático falló",
            f"El respaldo automático no se hizo o no sirve:\n\n{error}\n\nSe conserva el último "
            f"bueno. Carpeta: {folder()}\n",
            None,
            settings.BACKUP_MAIL_TO,
        )
    except OSError:  # smtplib's errors are of this kind
        logger.exception("The e-mail about the failed backup could not be sent.")
