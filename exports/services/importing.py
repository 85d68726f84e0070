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
from batches.services.reading import read_content, scan_folders
from exports.services.backups.progress import Progress, Stage
from segmentacion.actors import Actor, new_operation
from segmentacion.mongo.clients import Document, main_collection

COLLECTION = "pending_imports"
KEPT_SECONDS = 24 * 3600
MAX_BYTES = 12 << 20
SHOWN, SHOWN_INVALID = 50, 200
LONGEST, LONGEST_REASON = 80, 300
TOO_BIG = (
    "El archivo pasa de 12 MB: impórtalo en el servidor con «manage.py import_batches ARCHIVO»."
)
GONE = "Esa importación ya no está: se aplicó, o pasó más de un día. Sube el archivo otra vez."


def prepare_file(name: str, content: bytes, *, replace: bool, actor: Actor) -> str:
    """Read and plan a file, and keep both; return the id. Raises ImportFormatError."""
    if len(content) > MAX_BYTES:
        raise ImportFormatError(TOO_BIG)
    return _prepare(name[:200], content, read_content(name[:200], content), replace, actor)


def prepare_scan(*, replace: bool, actor: Actor) -> str:
    """The same for the folders of images, as they are now. Raises ImportFormatError."""
    table = scan_folders()
    content = orjson.dumps(table.entries)
    if len(content) > MAX_BYTES:
        raise ImportFormatError(TOO_BIG.replace("ARCHIVO", "--scan"))
    return _prepare("carpetas.json", content, table, replace, actor)


def find(key: str) -> Document | None:
    """Return what waits to be confirmed, with its plan, or None."""
    found = main_collection(COLLECTION).find_one({"_id": key}, {"content": 0})
    return {**found, "id": key, "plan": orjson.loads(found["plan"])} if found else None


def discard(key: str) -> None:
    main_collection(COLLECTION).delete_one({"_id": key})


def carry_out(key: str, actor: Actor) -> Generator[Progress, None, dict[str, Any]]:
    """Plan again and apply; yield progress, return the report.

    A plan that is not the one that was shown is kept instead, and `plan_changed` returned. Raises
    ImportFormatError when there is nothing to apply any more.
    """
    found = main_collection(COLLECTION).find_one({"_id": key})
    if found is None:
        raise ImportFormatError(GONE)
    yield Progress(Stage.PLAN, 0, 0)
    table = read_content(found["name"], bytes(found["content"]))
    plan = make_plan(table.entries, replace=found["replace"], numbers=table.numbers)
    if fingerprint(plan) != found["fingerprint"]:
        values = {"plan": _as_json(plan), "fingerprint": fingerprint(plan)}
        main_collection(COLLECTION).update_one({"_id": key}, {"$set": values})
        return {"plan_changed": True, "pending": key}
    report = ImportReport(new_operation())
    total = len(plan.new) + len(plan.changed) + len(plan.removed)
    for done in apply_plan(plan, actor=actor, operation=report.operation, report=report):
        yield Progress(Stage.IMPORT, done, total)
    discard(key)
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


def _prepare(name: str, content: bytes, table: Table, replace: bool, actor: Actor) -> str:
    plan = make_plan(table.entries, replace=replace, numbers=table.numbers)
    key = str(ObjectId())
    main_collection(COLLECTION).insert_one(
        {
            "_id": key,
            "name": name,
            "content": Binary(content),
            "replace": replace,
            "who": actor.name,
            "at": datetime.now(UTC),
            "notices": table.notices,
            "plan": _as_json(plan),
            "fingerprint": fingerprint(plan),
        }
    )
    return key


def _as_json(plan: ImportPlan) -> str:
    shown = {
        "counts": {
            "new": len(plan.new),
            "changed": len(plan.changed),
            "unchanged": plan.unchanged,
            "invalid": len(plan.invalid),
            "removed": len(plan.removed),
        },
        "new": [
            {
                "row": row.row,
                "id": row.id,
                "fields": [[_label(p), _short(v)] for p, v in _said(row)],
            }
            for row in plan.new[:SHOWN]
        ],
        "changed": [
            {
                "id": change.id,
                "fields": [
                    [_label(p), _short(o), _short(n)] for p, (o, n) in change.values.items()
                ],
            }
            for change in plan.changed[:SHOWN]
        ],
        "invalid": [
            {"row": row.row, "text": _short(row.text), "reasons": [_reason(r) for r in row.reasons]}
            for row in plan.invalid[:SHOWN_INVALID]
        ],
        "removed": plan.removed[:SHOWN],
    }
    return orjson.dumps(shown).decode()


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
