"""The plan of a restore: the file read whole and compared with what is stored. Writes nothing."""

from collections.abc import Generator
from typing import Any

import bson
from bson.errors import BSONError

from exports.rules.backup import BATCHES, PEOPLE
from exports.rules.restoring import KEY_FIELDS, NAME_FIELDS, SHOWN, How, RestorePlan, SectionPlan
from exports.services.backups.progress import Progress, Stage
from exports.services.extended_json import WRITE, split
from exports.services.restoring.matching import identity
from exports.services.restoring.resolving import Resolved, Restoring
from exports.services.restoring.spool import Spool
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection

WATCHED = ("batches", "crew")
MAX_WARNINGS = 50


def data_versions() -> tuple[int, ...]:
    """Return the numbers that rise with each write of what a restore replaces."""
    return tuple(versions.current(name) for name in WATCHED)


def make_plan(run: Restoring, spool: Spool | None = None) -> Generator[Progress, None, RestorePlan]:
    """Compare a file with what is stored; yield progress, return the plan. What is to be loaded
    goes into the spool, where one is given.

    Raises BadBackupError when the file is not whole: nothing else was done.
    """
    plan = _empty_plan(run)
    people: list[Resolved] = []
    needed: set[str] = set()
    done = 0
    for section, resolved in run.resolved(counting=spool is None):
        if section == PEOPLE and run.selection.some_batches:
            people += [r for r in resolved if r.now is None]
        else:
            _take(plan.sections[section], resolved, spool)
        if section == BATCHES and run.selection.some_batches:
            needed |= {str(r.document.get("assignee")) for r in resolved if not r.same}
        done += len(resolved)
        yield Progress(Stage.PLAN, done, run.reader.total)
    if people:
        chosen = [person for person in people if person.name in needed]
        _take(plan.sections[PEOPLE], chosen, spool)
    for name, how in run.how.items():
        if how is How.REPLACE:
            _count_removed(run, plan.sections[name])
    plan.warnings = run.warnings[:MAX_WARNINGS]
    return plan


def _empty_plan(run: Restoring) -> RestorePlan:
    reader = run.reader
    sections = {name: SectionPlan(name, how) for name, how in run.how.items()}
    made = str(reader.info.get("created_at", ""))
    return RestorePlan(
        reader.path.name, reader.version, made, sections=sections, versions=data_versions()
    )


def _take(section: SectionPlan, resolved: list[Resolved], spool: Spool | None) -> None:
    for one in resolved:
        _count(section, one)
    if spool is not None and resolved:
        spool.add(section.name, resolved, merge=section.how is How.MERGE)


def _count(section: SectionPlan, one: Resolved) -> None:
    if one.now is None:
        section.add(one.name)
    elif one.same:
        section.unchanged += 1
    else:
        section.change(one.name, one.stored or {}, one.document)


def _count_removed(run: Restoring, section: SectionPlan) -> None:
    """Count what is stored and has no place in the file, and keep the first names."""
    collection = main_collection(section.name)
    kept = section.changed + section.unchanged
    section.removed = max(0, collection.count_documents({}) - kept)
    if not section.removed:
        return
    field = KEY_FIELDS.get(section.name, "_id") if run.older else "_id"
    shown = NAME_FIELDS.get(section.name, "_id")
    stretches: Any = collection.find_raw_batches({}, {field: 1, shown: 1})
    for stretch in stretches:
        for raw in split(stretch):
            document = _read(raw)
            if identity(document.get(field)) not in run._seen[section.name]:
                section.removed_names.append(str(document.get(shown, document.get("_id")))[:80])
                if len(section.removed_names) == SHOWN:
                    return


def _read(raw: bytes) -> dict[str, Any]:
    try:
        return bson.decode(raw, WRITE)
    except BSONError:
        return {}
