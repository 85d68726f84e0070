"""What full and incremental runs share: the brakes, the writing of marks, the batches' verdicts."""

from collections.abc import Collection

from django.conf import settings

from batches.services.marks import write_marks
from masks import store
from masks.models import ArchiveVerdict
from masks.rules import Brakes, MarkPlan, StoreContents, refusal
from masks.services.errors import SyncRefusedError
from masks.services.runs import Run
from masks.services.verdicts import refresh_batch_verdicts
from segmentacion.mongo.clients import main_collection


def brake(run: Run, contents: StoreContents, plan: MarkPlan) -> None:
    """Raise SyncRefusedError when this run must change nothing, unless it was forced."""
    if run.options.force:
        return
    brakes = Brakes(settings.SYNC_MAX_CLEAR_SHARE, settings.SYNC_MIN_CLEAR_LIMIT)
    reason = refusal(contents, plan, brakes)
    if reason:
        raise SyncRefusedError(reason + _hint(contents), run.report)


def write(run: Run, plan: MarkPlan) -> int:
    """Write the marks; return how many batches were left out because another program changed
    them in the meantime: the next run, a full one, sees to them.

    Raises LeaseLost: what was written until then is right.
    """
    run.begin_writing()
    written = 0
    for written in write_marks(
        plan.changes,
        actor=run.actor,
        operation=run.report.run_id,
        confirm=run.lease.confirm,
    ):
        run.progress("write", written, len(plan.changes))
    unwritten = len(plan.changes) - written
    run.report.updated -= unwritten
    return unwritten


def refresh_verdicts(run: Run, batch_ids: Collection[str]) -> None:
    """Show the verdict of their newest file on the batches whose files changed."""
    if batch_ids and main_collection(ArchiveVerdict.COLLECTION).find_one({}, {"_id": 1}):
        refresh_batch_verdicts(batch_ids, actor=run.actor, operation=run.report.run_id)


def _hint(contents: StoreContents) -> str:
    """Name the buckets that do hold files, when ours is empty: a wrong setting is likely."""
    if contents.total_files:
        return ""
    others = [name for name in store.other_buckets() if name != settings.MASKS_BUCKET]
    if not others:
        return ""
    return f" Con archivos hay: {', '.join(others)} (ajuste MASKS_BUCKET)."
