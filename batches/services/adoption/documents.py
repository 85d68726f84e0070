"""The batches' documents: duplicates first, then one pass that normalises the rest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from batches import queries
from batches.models import DATA_VERSION, IDS_VERSION, Batch, empty_file_info, empty_metadata
from batches.rules.adoption import Adoption, Problem, Setting, adopt_batch, is_usable_name
from batches.services import writing
from batches.services.adoption.people import resolve
from batches.services.adoption.report import Progress, Stage
from batches.services.adoption.run import (
    CHUNK,
    Run,
    chunks,
    collection,
    exactly,
    identity,
    label,
)
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document

NAME = Batch.COLLECTION
TIMES = ("updated_at", "metadata.assigned_at")
IDS_AT_ONCE = 500
READ_AT_ONCE = 1_000
COMMENT = "normalización de una base anterior"


@dataclass(frozen=True)
class _Write:
    """A batch to be written: its `_id`, its id, what becomes of it, and the command."""

    key: Any
    id: str
    adoption: Adoption
    update: UpdateOne


def resolve_duplicates(run: Run) -> Iterator[Progress]:
    """Report batches that share an id; with a policy set aside all but one of each."""
    run.tally.batches = collection(NAME).count_documents({})
    ids = sorted(filter(is_usable_name, queries.duplicated_ids()))
    done = 0
    for chunk in chunks(ids, IDS_AT_ONCE):
        groups: dict[str, list[Document]] = {batch_id: [] for batch_id in chunk}
        for document in collection(NAME).find({"id": {"$in": list(chunk)}}):
            groups[document["id"]].append(document)
        for batch_id, group in groups.items():
            resolve(run, NAME, batch_id, group, kind="batch", times=TIMES)
        done += len(chunk)
        yield Progress(Stage.DUPLICATES, done, len(ids))
    if run.tally.set_aside and not run.dry_run:
        versions.bump(DATA_VERSION, IDS_VERSION)


def adopt_batches(run: Run) -> Iterator[Progress]:
    """Normalise every batch that has an id, streamed; report those that have none."""
    setting = Setting(run.zone, run.crew, empty_metadata(), empty_file_info())
    writes: list[_Write] = []
    nameless: list[Document] = []
    for done, document in enumerate(collection(NAME).find().batch_size(READ_AT_ONCE), start=1):
        if not is_usable_name(document.get("id")):
            _note_nameless(run, document, nameless)
        elif identity(NAME, document["_id"]) not in run.gone:
            writes += _plan(run, document, setting)
        if len(writes) >= CHUNK:
            _write(run, writes)
            writes = []
        if done % READ_AT_ONCE == 0:
            yield Progress(Stage.BATCHES, done, max(done, run.tally.batches))
    _write(run, writes)
    _set_aside_nameless(run, nameless)
    yield Progress(Stage.BATCHES, run.tally.batches, run.tally.batches)


def _note_nameless(run: Run, document: Document, nameless: list[Document]) -> None:
    run.tally.without_id.append(label(NAME, document["_id"]))
    if run.set_aside_without_id:
        nameless.append(document)


def _set_aside_nameless(run: Run, nameless: list[Document]) -> None:
    run.set_aside(NAME, nameless, kind="batch", reason="sin id")
    if nameless and not run.dry_run:
        versions.bump(DATA_VERSION, IDS_VERSION)


def _plan(run: Run, document: Document, setting: Setting) -> Iterator[_Write]:
    adoption = adopt_batch(document, setting)
    run.tally.leave(NAME, document["id"], adoption.problems)
    if adoption.values:
        update = UpdateOne(_as_read(document, adoption), _pipeline(run, adoption.values))
        yield _Write(document["_id"], document["id"], adoption, update)


def _as_read(document: Document, adoption: Adoption) -> Document:
    """Return the condition that nothing we are about to change, nor the version or the history,
    changed since it was read. Stricter than `writing.as_read`: other programs raise neither."""
    paths = dict.fromkeys(["version", *adoption.values])
    history = document.get("history")
    grown = [{"history": {"$size": len(history)}}] if isinstance(history, list) else []
    return {"_id": document["_id"], "$and": [*(exactly(document, p) for p in paths), *grown]}


def _pipeline(run: Run, values: Mapping[str, Any]) -> list[Document]:
    """Return the write path's pipeline, with two fields as the adoption means them.

    `updated_at` keeps saying when somebody last changed the batch: `keep-newest` goes by it, and
    must say the same after a first run. A version that was not a number cannot be added to.
    """
    [stage] = writing.change_pipeline(
        values,
        actor=run.actor,
        operation=run.operation,
        now=datetime.now(UTC),
        comment=COMMENT,
    )
    stage["$set"]["updated_at"] = "$updated_at"
    for name in ("updated_at", "version"):
        if name in values:
            stage["$set"][name] = {"$literal": values[name]}
    return [stage]


def _write(run: Run, writes: list[_Write]) -> None:
    if not writes:
        return
    written = {identity(NAME, write.key) for write in writes}
    if not run.dry_run:
        run.check()
        run.record([write.key for write in writes])
        failed = _bulk(run, writes)
        written = _written(run, writes)
        run.tally.conflicts += [
            label(NAME, write.key)
            for at, write in enumerate(writes)
            if at not in failed and identity(NAME, write.key) not in written
        ]
        versions.bump(DATA_VERSION, IDS_VERSION)
    run.tally.batches_changed += len(written)
    for write in writes:
        if identity(NAME, write.key) in written:
            run.tally.fields.update(write.adoption.values.keys())


def _bulk(run: Run, writes: list[_Write]) -> set[int]:
    """Write; return the places of those the server refused, which are reported as left."""
    try:
        collection(NAME).bulk_write([write.update for write in writes], ordered=False)
    except BulkWriteError as error:
        if error.details["writeConcernErrors"]:
            raise
        failures = error.details["writeErrors"]
        for failure in failures:
            reason = f"el servidor no aceptó el cambio: {failure['errmsg']}"
            run.tally.leave(NAME, writes[failure["index"]].id, [Problem("", "", reason)])
        return {failure["index"] for failure in failures}
    return set()


def _written(run: Run, writes: list[_Write]) -> set[bytes]:
    keys = [write.key for write in writes]
    condition = {"_id": {"$in": keys}, "history.operation": run.operation}
    found = collection(NAME).find(condition, {"_id": 1})
    return {identity(NAME, document["_id"]) for document in found}
