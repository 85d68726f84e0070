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
from masks.rules import MarkPlan, StoreContents, plan_marks
from masks.rules.position import Position, Surroundings, next_watermark
from masks.services import catalogue, writing
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
        merged = None
        if plan.changes or not (same and same.result() and _same_figures(position, run.report)):
            merged = _merge(run)
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
        pending=run.report.run_id if unwritten or _moved(merged, run.report) else None,
        report=stored(run.report),
    )
    _keep(run, after, merged)


def _moved(merged: Merged | None, report: SyncReport) -> bool:
    """Tell whether files came or went between the scan and the merge.

    The catalogue then knows files that the marks do not: nothing would show them as new.
    """
    return merged is not None and merged.files != report.total_files


def _keep(run: Run, position: Position, merged: Merged | None) -> None:
    """Keep the position; our own writes need not be passed over again by the next run."""
    state = position.as_state()
    try:
        state["drift"] = store.count() - position.known
        if position.token is not None:
            changes = feed.changes_since(position.token)
            if not changes.ended and not changes.ids:
                state["token"] = changes.token
            elif merged is not None:  # as in `_moved`
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
        for files in store.scan():
            contents.add(files)
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
