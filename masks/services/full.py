"""A full run: one scan of the store, one read of the marks, writes of what differs, and the
catalogue brought in line; then the position for the incremental runs that follow.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from pymongo.errors import PyMongoError

from batches.services.marks import marks_of_batches
from masks import feed, store
from masks.models import CatalogueFile
from masks.queries import files
from masks.queries.files import identity
from masks.rules import MarkPlan, StoreContents, plan_marks
from masks.rules.position import Position, Surroundings, next_watermark
from masks.services import catalogue, incremental, writing
from masks.services.catalogue import Merged
from masks.services.errors import store_error
from masks.services.runs import Run, SyncReport, stored
from segmentacion.mongo.indexes import ensure_declared


def run(
    run: Run, position: Position | None, seen: Surroundings, *, nothing_new: bool = False
) -> None:
    """Read everything, write what differs, keep the position.

    What is new is followed from before the scan, so that nothing falls between the two.
    `nothing_new`: a look since the position found nothing, which may save the merge. Raises a
    SyncError, LeaseLost, or PyMongoError when the main database is away.
    """
    with _comparison(position if nothing_new else None, seen) as same:
        try:
            token = feed.change_token()
            started_at = feed.server_time()
        except PyMongoError as error:
            raise store_error(error) from error
        contents = _read_store(run)
        plan = plan_marks(contents, marks_of_batches())
        _fill(run.report, contents, plan)
        writing.brake(run, contents, plan)
        if run.options.dry_run:
            return
        unwritten = writing.write(run, plan) if plan.changes else 0
        merged, settled = None, False
        if plan.changes or not (same and same.result() and _same_figures(position, run.report)):
            merged = _merge(run)
            settled = _arrived(token, merged, run.report)
        if settled:
            unwritten = _settle(run, plan)
    after = Position(
        place=seen.place,
        known=merged.files if merged else contents.total_files,
        drift=0,
        batch_count=seen.batch_count,
        batch_version=seen.batch_version,
        full_at=seen.now,
        merged_at=seen.now if merged or position is None else position.merged_at,
        checked_at=seen.now,
        token=token,
        watermark=next_watermark(None, None, started_at),
        pending=run.report.run_id if unwritten else None,
        report=stored(run.report),
    )
    _keep(run, after, exact=merged is None or settled)


def _arrived(token: Any, merged: Merged, report: SyncReport) -> bool:
    """Tell whether files came, changed or went between the scan and the merge.

    The catalogue then knows what the marks do not: nothing would show it as new.
    """
    if merged.files != report.total_files:
        return True
    try:
        return token is not None and bool(feed.changes_since(token).ids)
    except PyMongoError as error:
        raise store_error(error) from error


def _settle(run: Run, first: MarkPlan) -> int:
    """Mark what arrived meanwhile, from the catalogue; return how many batches were left out.

    Without it steady uploads would make every run a full one. What comes after the merge is not
    in the catalogue either: the next incremental run finds it.
    """
    contents = StoreContents()
    contents.add(files.scan())
    plan = plan_marks(contents, marks_of_batches())
    _fill(run.report, contents, plan)
    again = {identity(change.key) for change in plan.changes}
    before = [change for change in first.changes if identity(change.key) not in again]
    marked = sum(change.uploaded for change in before)
    run.report.changes = [*before, *plan.changes]
    run.report.updated += marked
    run.report.cleared += len(before) - marked
    run.report.up_to_date -= marked
    writing.brake(run, contents, plan)
    return writing.write(run, plan) if plan.changes else 0


def _keep(run: Run, position: Position, *, exact: bool) -> None:
    """Keep the position; our own writes need not be passed over again by the next run.

    `exact`: the marks are of the very files that the catalogue has, whatever arrived meanwhile.
    """
    state = position.as_state()
    try:
        if position.token is None:
            state["drift"] = store.count() - position.known - incremental.unseen(position)
        else:
            state["drift"] = store.count() - position.known
            changes = feed.changes_since(position.token)
            if not changes.ended and not changes.ids:
                state["token"] = changes.token
            elif not exact:
                state["pending"] = run.report.run_id
    except PyMongoError as error:
        raise store_error(error) from error
    run.lease.confirm()
    run.lease.save_state(state)


@contextmanager
def _comparison(position: Position | None, seen: Surroundings) -> Iterator["Future[bool] | None"]:
    """Compare the names of store and catalogue beside the scan, where that may save the merge.

    Names and dates are not all that an entry says: once a day everything is compared.
    """
    every = timedelta(hours=settings.SYNC_FULL_HOURS)
    if position is None or position.pending or seen.now - position.merged_at >= every:
        yield None
        return
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(catalogue.same_names)


def _same_figures(position: Position | None, report: SyncReport) -> bool:
    """Tell whether this run found what the position says: names without a batch, conflicts…"""
    figures = ("total_files", "batches_with_files", "unparsed_count", "conflict_count")
    found: dict[str, Any] = stored(report)
    return position is not None and all(
        position.report.get(name) == found[name] for name in figures
    )


def _merge(run: Run) -> Merged:
    run.begin_writing()
    ensure_declared(CatalogueFile)  # somebody may have dropped the catalogue, to have it made anew
    total = run.report.total_files

    def compared(done: int) -> None:
        run.progress("catalog", done, max(total, done))

    merged = catalogue.merge_store(confirm=run.lease.confirm, progress=compared)
    writing.refresh_verdicts(run, merged.batch_ids)
    return merged


def _read_store(run: Run) -> StoreContents:
    contents = StoreContents()
    try:
        for stretch in store.scan():
            contents.add(stretch)
            run.progress("read", contents.total_files, 0)
    except PyMongoError as error:
        raise store_error(error) from error
    run.progress("read", contents.total_files, contents.total_files)
    return contents


def _fill(report: SyncReport, contents: StoreContents, plan: MarkPlan) -> None:
    report.total_files = contents.total_files
    report.batches_with_files = len(contents.batches)
    report.unparsed, report.unparsed_count = contents.unparsed, contents.unparsed_count
    report.conflicts, report.conflict_count = contents.conflicts, contents.conflict_count
    report.total_batches = plan.total_batches
    report.up_to_date = plan.up_to_date
    report.cleared = plan.cleared
    report.without_masks = plan.without_masks
    report.updated = len(plan.changes) - plan.cleared
    report.not_found, report.not_found_count = plan.not_found, len(plan.not_found)
    report.changes = plan.changes
