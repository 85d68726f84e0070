"""An incremental run: what is new in the store since the position, and what follows from it.

    ids (change stream, or window of ids) → documents read again → catalogue → marks → position

Replaying is harmless: the marks of the batches touched are recomputed from the catalogue. Killed
anywhere in between, the position says so (`pending`) and the next run is a full one.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from pymongo.errors import PyMongoError

from batches.models import IDS_VERSION, Batch
from batches.services.marks import marks_of
from masks import feed, queries, store
from masks.queries import files
from masks.queries.files import identity
from masks.rules import StoreContents, plan_marks
from masks.rules.catalogue import Change, entry_of, is_same, recompute
from masks.rules.position import (
    CHANGES_LOST,
    COUNT_DIFFERS,
    STORE_REPLACED,
    TOO_MUCH,
    Position,
    Surroundings,
    count_agrees,
    doubt,
    next_watermark,
    window_start,
)
from masks.services import catalogue, figures, writing
from masks.services.errors import store_error
from masks.services.runs import Run, stored
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection
from segmentacion.mongo.leases import server_time, state_of

ENDED = {"lost": CHANGES_LOST, "replaced": STORE_REPLACED, "many": TOO_MUCH}


@dataclass(frozen=True)
class Look:
    """What a look at the store found: files that differ from the catalogue, or a doubt.

    `token` and `watermark` are what the next position takes.
    """

    doubt: str | None = None
    changes: dict[Hashable, Change] = field(default_factory=dict)
    token: Any = None
    watermark: datetime | None = None


def something_new() -> bool:
    """Tell whether a run would have something to do. Takes no lease and writes nothing.

    Costs about what an incremental run that finds nothing costs. Raises a SyncError when the
    store is away, PyMongoError when the main database is.
    """
    position = Position.from_state(state_of(queries.SYNC_LEASE))
    found = look(position, surroundings(server_time()))
    return found.doubt is not None or bool(found.changes)


def surroundings(now: datetime) -> Surroundings:
    """Return what a position is held against. `now` is the main server's time."""
    main = main_collection(Batch.COLLECTION)
    return Surroundings(
        now=now,
        place=f"{settings.MONGO_DB} {settings.TRAINING_DB} {settings.MASKS_BUCKET}",
        batch_version=versions.current(IDS_VERSION),
        batch_count=main.estimated_document_count(),
        catalogue_count=files.about(),
    )


def look(position: Position | None, seen: Surroundings) -> Look:
    """Return what is new in the store since the position, or why that cannot be said.

    Raises a SyncError when the store is away.
    """
    full_every = timedelta(hours=settings.SYNC_FULL_HOURS)
    reason = doubt(position, seen, full_every=full_every)
    if reason or position is None:
        return Look(reason)
    if position.token is not None and settings.SYNC_CHANGE_STREAMS:
        return _follow(position)
    return _ask(position)


def unseen(position: Position) -> int:
    """Return by how many recent files the store has more than the catalogue, where files are
    asked for: the store's count holds them already. Raises PyMongoError."""
    since = window_start(position.watermark, feed.server_time())
    ids = feed.ids_after(since, limit=feed.MAX_CHANGES + 1)
    known = files.keys_after(since, limit=feed.MAX_CHANGES + 1)
    if max(len(ids), len(known)) > feed.MAX_CHANGES:
        return 0
    found = _differences([*ids, *known], list(store.documents_of(ids)))
    return sum(change.difference for change in found.values())


def run(run: Run, position: Position, look: Look, seen: Surroundings) -> None:
    """Bring catalogue and marks in line with what the look found, and keep the position.

    Raises a SyncError, LeaseLost, or PyMongoError when the main database is away.
    """
    figures.take_over(run.report, position.report)
    unwritten = 0
    known = position.known
    if look.changes:
        known += sum(change.difference for change in look.changes.values())
        unwritten = _apply(run, position, look.changes, known)
    if run.options.dry_run:
        return
    after = replace(
        position,
        known=known,
        checked_at=seen.now,
        token=look.token,
        watermark=look.watermark,
        pending=run.report.run_id if unwritten else None,
        report=stored(run.report),
    )
    run.lease.save_state(after.as_state())


def _follow(position: Position) -> Look:
    """Look through the change stream."""
    try:
        changes = feed.changes_since(position.token)
        if changes.ended:
            return Look(ENDED[changes.ended])
        documents = list(store.documents_of(changes.ids))
    except PyMongoError as error:
        raise store_error(error) from error
    found = _differences(changes.ids, documents)
    return Look(changes=found, token=changes.token, watermark=position.watermark)


def _ask(position: Position) -> Look:
    """Look at the files whose ids say that they are new, and at how many there are in all."""
    try:
        now = feed.server_time()
        since = window_start(position.watermark, now)
        counted = store.count()
        ids = feed.ids_after(since, limit=feed.MAX_CHANGES + 1)
        documents = list(store.documents_of(ids)) if len(ids) <= feed.MAX_CHANGES else []
    except PyMongoError as error:
        raise store_error(error) from error
    known = files.keys_after(since, limit=feed.MAX_CHANGES + 1)
    if max(len(ids), len(known)) > feed.MAX_CHANGES:
        return Look(TOO_MUCH)
    found = _differences([*ids, *known], documents)
    difference = sum(change.difference for change in found.values())
    if not count_agrees(position, difference=difference, counted=counted):
        return Look(COUNT_DIFFERS)
    newest = max((key.generation_time for key in ids), default=None)
    return Look(changes=found, watermark=next_watermark(position.watermark, newest, now))


def _differences(keys: Sequence[Any], documents: list[Document]) -> dict[Hashable, Change]:
    """Return where the store's documents of these ids differ from the catalogue."""
    distinct = {identity(key): key for key in keys}
    known = {identity(entry["_id"]): entry for entry in files.entries(list(distinct.values()))}
    new = {identity(document["_id"]): entry_of(document) for document in documents}
    changes = {key: Change(known.get(key), new.get(key)) for key in distinct}
    return {key: change for key, change in changes.items() if _is_one(change)}


def _is_one(change: Change) -> bool:
    if change.new is None:
        return change.was_here
    return not is_same(change.old, change.new)


def _apply(run: Run, position: Position, changes: dict[Hashable, Change], known: int) -> int:
    """Plan, brake and write: catalogue, then marks. Return how many batches were left out."""
    ids = set().union(*(change.batch_ids for change in changes.values()))
    here = ((identity(entry["_id"]), entry) for entry in files.here_of(sorted(ids)))
    touched = recompute(ids, here, changes)
    contents = StoreContents(total_files=known, batches=touched.after)
    marks = list(marks_of(sorted(ids)))
    plan = plan_marks(contents, marks)
    plan.marked_before = int(position.report["with_masks"])
    figures.fill(run.report, plan, list(changes.values()), touched, marks)
    run.report.total_files = known
    writing.brake(run, contents, plan)
    if run.options.dry_run:
        return 0
    run.begin_writing()
    confirm = run.lease.confirm
    new = [change.new for change in changes.values() if change.new is not None]
    gone = [change.old["_id"] for change in changes.values() if change.old and not change.new]
    catalogue.write_entries(new, confirm=confirm)
    catalogue.mark_gone(gone, confirm=confirm)
    run.progress("catalog", len(changes), len(changes))
    unwritten = writing.write(run, plan) if plan.changes else 0
    writing.refresh_verdicts(run, ids)
    return unwritten
