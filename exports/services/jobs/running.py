"""Carrying out a job: the engine of its kind, its progress and its end in the record."""

import dataclasses
import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from batches.rules.importing import ImportFormatError
from crew.filters import FilterError
from crew.rules import CrewError
from exports.rules.backup import BackupError
from exports.rules.jobs import JobKind
from exports.rules.restoring import RestorePlan
from exports.services import comparing, importing
from exports.services.backups import keeping, write_backup
from exports.services.backups import records as backups
from exports.services.backups.progress import Progress, finish
from exports.services.jobs import records
from exports.services.restoring import plan_restore, restore
from exports.services.restoring.selecting import selection_of
from segmentacion.mongo.clients import Document
from segmentacion.mongo.leases import LeaseTaken, held

logger = logging.getLogger("segmentacion.jobs")
Work = Generator[Progress, None, Any]
EXPECTED = (BackupError, ImportFormatError, FilterError, CrewError)
LEASE_SECONDS = 20
BROKEN = "Algo falló de nuestro lado; el detalle quedó en la bitácora del servidor."


def run(key: str) -> bool:
    """Run a waiting job to its end; return whether it ended well. What goes wrong is recorded."""
    try:
        with held(records.lease_name(key), seconds=LEASE_SECONDS):
            job = records.claim(key)
            return job is not None and _carry_out(job)
    except LeaseTaken:
        return False
    finally:
        records.forget_lease(key)


def _carry_out(job: Document) -> bool:
    shown = records.Shown(job["_id"])
    try:
        work = WORK[JobKind(job["kind"])](job)
        result = finish(work, lambda p: shown.show(str(p.stage), p.done, p.total))
    except EXPECTED as error:
        records.fail(job["_id"], str(error))
        return False
    except Exception as error:
        logger.exception("Job %s (%s) failed.", job["_id"], job["kind"])
        said = "La base de datos no respondió." if isinstance(error, PyMongoError) else BROKEN
        records.fail(job["_id"], said)
        return False
    records.succeed(job["_id"], result)
    return True


def _backup(job: Document) -> Work:
    try:
        made = yield from write_backup()
    except (BackupError, PyMongoError) as error:
        backups.record_failed(backups.Kind.MANUAL, str(error))
        raise
    backups.record_good(made, backups.Kind.MANUAL)
    return {"file": made.path.name, "size": made.size, "counts": made.counts}


def _verify(job: Document) -> Work:
    return (yield from keeping.verify(job["options"]["backup"]))


def _compare(job: Document) -> Work:
    options = job["options"]
    paths = [keeping.path_of(keeping.find(options[name])) for name in ("first", "second")]
    compared = yield from comparing.compare(*paths)
    records.add_rows(job["_id"], compared.rows)
    return {**compared.summary(), "names": [path.name for path in paths]}


def _plan(job: Document) -> Work:
    options = job["options"]
    selection = selection_of(**options["selection"])
    plan = yield from plan_restore(Path(options["path"]), selection, actor=records.actor_of(job))
    return plan_as_json(plan)


def _restore(job: Document) -> Work:
    options = job["options"]
    selection = selection_of(**options["selection"])
    report = yield from restore(Path(options["path"]), selection, actor=records.actor_of(job))
    return {
        "operation": report.operation,
        "changes": report.plan.changes,
        "safety": str(report.safety),
        "warnings": report.warnings,
    }


def _read(job: Document) -> Work:
    return (yield from importing.prepare(job["options"]["pending"]))


def _import(job: Document) -> Work:
    return (yield from importing.carry_out(job["options"]["pending"], records.actor_of(job)))


def plan_as_json(plan: RestorePlan) -> dict[str, Any]:
    """Return a plan for the record: counts, first names, first differences, versions."""
    return {**dataclasses.asdict(plan), "changes": plan.changes}


WORK: dict[JobKind, Callable[[Document], Work]] = {
    JobKind.BACKUP: _backup,
    JobKind.VERIFY: _verify,
    JobKind.COMPARE: _compare,
    JobKind.PLAN: _plan,
    JobKind.RESTORE: _restore,
    JobKind.READ: _read,
    JobKind.IMPORT: _import,
}
