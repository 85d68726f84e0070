"""What the product does by itself: the sync and who watches, backups, intake."""

from exports.models import BackupRecord
from exports.rules.system import Intake, Watcher, Work
from masks import queries as mask_queries
from masks.intake import queries as intake_queries
from segmentacion.mongo.clients import Document, main_collection


def read_work() -> Work:
    sync = mask_queries.sync_state()
    failed = sync.last if sync.failed and not sync.nothing_yet else None
    good = _backup({"verdict": "good"})
    newest = _backup({"verdict": {"$in": ["good", "failed"]}})
    broken = newest if newest and newest["verdict"] == "failed" else None
    return Work(
        last_sync=sync.last_good,
        sync_failed=str(failed.get("error") or "No se sabe por qué.") if failed else "",
        uploaded=sync.uploaded,
        batches=sync.total,
        nothing_yet=sync.nothing_yet,
        watcher=_watcher(),
        last_backup=good["created_at"] if good else None,
        backup_bytes=good.get("size") if good else None,
        backup_failed=str(broken.get("error") or "No se sabe por qué.") if broken else "",
        backups=main_collection(BackupRecord.COLLECTION).count_documents({"verdict": "good"}),
        intake=_intake(),
    )


def _backup(condition: Document) -> Document | None:
    return main_collection(BackupRecord.COLLECTION).find_one(condition, sort=[("created_at", -1)])


def _watcher() -> Watcher | None:
    holder = mask_queries.watcher()
    if holder is None:
        return None
    info = holder.get("info") or {}
    return Watcher(str(info.get("host", "")), str(info.get("mode", "")))


def _intake() -> Intake:
    found = intake_queries.status()
    return Intake(
        queue=found.waiting,
        pending=found.pending_uploads,
        retrying=found.retrying,
        failed=found.failed + found.missing,
        archived=found.archived + found.forced,
        working=found.working,
        trouble=found.trouble,
    )
