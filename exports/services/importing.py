"""An import that a page prepares: the file and its plan in MongoDB until somebody confirms.

`pending_imports` keeps each for a day. Applying plans again: what is not as it was shown is
shown again instead.
"""

import hashlib
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import orjson
from bson import Binary, ObjectId

from batches.rules.importing import ImportFormatError, ImportPlan
from batches.rules.tables import Table
from batches.rules.timeline import LABELS
from batches.services.importing import ImportReport, apply_plan, make_plan
from batches.services.reading import read_content, scan_folders, unpacked_size
from exports.services.backups.progress import Progress, Stage
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "pending_imports"
KEPT_SECONDS = 24 * 3600
MAX_BYTES = 12 << 20
# More than this is read by a process of its own, so that those who answer pages stay small.
LIGHT, LIGHT_UNPACKED = 256 << 10, 2 << 20
SHOWN, SHOWN_INVALID = 50, 200
LONGEST, LONGEST_REASON = 80, 300
TOO_BIG = (
    "El archivo pasa de 12 MB: impórtalo en el servidor con «manage.py import_batches ARCHIVO»."
)
TOO_MUCH = "El archivo ocupa demasiada memoria al leerlo: divídelo en varios, o guárdalo como CSV."
GONE = "Esa importación ya no está: se aplicó, o pasó más de un día. Sube el archivo otra vez."


def receive(name: str, content: bytes, *, replace: bool, actor: Actor) -> str:
    """Keep a file until it is read and planned; return the id. Raises ImportFormatError."""
    if len(content) > MAX_BYTES:
        raise ImportFormatError(TOO_BIG)
    key = str(ObjectId())
    main_collection(COLLECTION).insert_one(
        {
            "_id": key,
            "name": name[:200],
            "content": Binary(content),
            "replace": replace,
            "who": actor.name,
            "at": datetime.now(UTC),
            "plan": None,
        }
    )
    return key


def is_light(content: bytes) -> bool:
    """Tell whether a file may be read where a page is answered: little of it, unpacked, too."""
    return len(content) <= LIGHT and unpacked_size(content) <= LIGHT_UNPACKED


def prepare(key: str) -> Generator[Progress, None, Document]:
    """Read a file that was received, plan it and keep the plan; yield progress. What cannot be
    read is not kept. Raises ImportFormatError."""
    found = _received(key)
    yield Progress(Stage.READ, 0, 0)
    try:
        table = _read(found)
    except ImportFormatError:
        discard(key)
        raise
    yield Progress(Stage.PLAN, 0, len(table.entries))
    plan = make_plan(table.entries, replace=found["replace"], numbers=table.numbers)
    _keep_plan(key, plan, notices=table.notices)
    return {"pending": key}


def scanned() -> bytes:
    """Return the folders of images, as they are now, as a file. Raises ImportFormatError."""
    content = orjson.dumps(scan_folders().entries)
    if len(content) > MAX_BYTES:
        raise ImportFormatError(TOO_BIG.replace("ARCHIVO", "--scan"))
    return content


def find(key: str) -> Document | None:
    """Return what waits to be confirmed, with its plan, or None."""
    found = main_collection(COLLECTION).find_one(
        {"_id": key, "plan": {"$ne": None}}, {"content": 0}
    )
    return {**found, "id": key, "plan": orjson.loads(found["plan"])} if found else None


def discard(key: str) -> None:
    main_collection(COLLECTION).delete_one({"_id": key})


def carry_out(key: str, actor: Actor) -> Generator[Progress, None, dict[str, Any]]:
    """Plan again and apply; yield progress, return the report.

    A plan that is not the one that was shown is kept instead, and `plan_changed` returned. Raises
    ImportFormatError when there is nothing to apply any more.
    """
    found = _received(key)
    yield Progress(Stage.PLAN, 0, 0)
    table = _read(found)
    plan = make_plan(table.entries, replace=found["replace"], numbers=table.numbers)
    if fingerprint(plan) != found["fingerprint"]:
        _keep_plan(key, plan)
        return {"plan_changed": True, "pending": key}
    report = ImportReport(new_operation())
    total = len(plan.new) + len(plan.changed) + len(plan.removed)
    for done in apply_plan(plan, actor=actor, operation=report.operation, report=report):
        yield Progress(Stage.IMPORT, done, total)
    discard(key)
    return _told(report, plan)


def _told(report: ImportReport, plan: ImportPlan) -> dict[str, Any]:
    return {
        "operation": report.operation,
        "created": report.created,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "conflicts": report.conflicts[:SHOWN_INVALID],
        "skipped": len(plan.invalid),
    }


def fingerprint(plan: ImportPlan) -> str:
    """Return a digest of all that a plan would do and refuses: equal for equal plans."""
    digest = hashlib.sha256()
    for part in (plan.new, plan.changed, plan.invalid, plan.removed, [plan.unchanged]):
        for item in part:
            digest.update(repr(item).encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


def _received(key: str) -> Document:
    found = main_collection(COLLECTION).find_one({"_id": key})
    if found is None:
        raise ImportFormatError(GONE)
    return found


def _read(found: Document) -> Table:
    try:
        return read_content(found["name"], bytes(found["content"]))
    except MemoryError as error:
        raise ImportFormatError(TOO_MUCH) from error


def _keep_plan(key: str, plan: ImportPlan, **values: Any) -> None:
    values |= {"plan": _as_json(plan), "fingerprint": fingerprint(plan)}
    main_collection(COLLECTION).update_one({"_id": key}, {"$set": values})


def _as_json(plan: ImportPlan) -> str:
    """Return what is shown of a plan: its counts, and the first of each."""
    counts = {
        "new": len(plan.new),
        "changed": len(plan.changed),
        "unchanged": plan.unchanged,
        "invalid": len(plan.invalid),
        "removed": len(plan.removed),
    }
    new = [
        {"row": row.row, "id": row.id, "fields": [[_label(p), _short(v)] for p, v in _said(row)]}
        for row in plan.new[:SHOWN]
    ]
    changed = [
        {
            "id": change.id,
            "fields": [[_label(p), _short(o), _short(n)] for p, (o, n) in change.values.items()],
        }
        for change in plan.changed[:SHOWN]
    ]
    invalid = [
        {"row": row.row, "text": _short(row.text), "reasons": [_reason(r) for r in row.reasons]}
        for row in plan.invalid[:SHOWN_INVALID]
    ]
    shown = {"counts": counts, "new": new, "changed": changed, "invalid": invalid}
    return orjson.dumps({**shown, "removed": plan.removed[:SHOWN]}).decode()


def _said(row: Any) -> list[tuple[str, Any]]:
    return [
        (path, value) for path, value in list(row.values.items())[:12] if value not in (None, "")
    ]


def _label(path: str) -> str:
    return LABELS.get(path, path)[:LONGEST]


def _reason(text: str) -> str:
    """Return why a row is invalid, its field by the name that people know."""
    path, colon, rest = text.partition(": ")
    told = f"{LABELS[path]}{colon}{rest}" if colon and path in LABELS else text
    return told.encode("utf-8", "replace").decode()[:LONGEST_REASON]


def _short(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    text = "—" if value in (None, "") else str(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
