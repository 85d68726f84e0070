"""What verdicts and batches say to each other about how many masks there are."""

from batches.models import Batch
from batches.rules.changes import Asker
from batches.rules.states import BatchError
from batches.services.changing import change_batch
from masks.rules.verdicts import Verdict, VerdictKind, compare_total
from masks.services.verifications import VerifyReport
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import Document, main_collection

USABLE = {VerdictKind.WHOLE, VerdictKind.WARNING}


def expected_total(verdict: Verdict, file: Document) -> Verdict:
    """Return the verdict compared with the batch's `total_masks`, if the file is of one batch."""
    batch = _only_batch(file)
    metadata = batch.get("metadata") if batch else None
    return compare_total(
        verdict, metadata.get("total_masks") if isinstance(metadata, dict) else None
    )


def fill_completed(
    file: Document, verdict: Document, *, actor: Actor, report: VerifyReport
) -> None:
    """Set `completed_masks` of the file's batch to its masks that are not blank.

    Only from an archive that was read whole and is the newest of its one batch. Goes the way of
    every change, by command; what the rules refuse is reported.
    """
    batch = _only_batch(file)
    if batch is None or verdict["kind"] not in USABLE or not verdict.get("finished"):
        return
    shown = batch.get("mask_verdict")
    if not isinstance(shown, dict) or shown.get("file_id") != file["_id"]:
        return
    counts = verdict["counts"]
    asked = {"completed_masks": counts["masks"] - counts["blank"]}
    asker = Asker(account=actor.name, may_edit=True)
    try:
        changed = change_batch(
            batch["id"], asked, asker=asker, actor=Actor(actor.name, Channel.COMMAND)
        )
    except BatchError as error:
        report.not_filled.append((str(batch["id"]), str(error)))
        return
    if changed.get("version") != batch.get("version"):
        report.filled.append(str(batch["id"]))


def _only_batch(file: Document) -> Document | None:
    """Return the batch of a file that counts for exactly one."""
    batches = file.get("batches") or []
    if len(batches) != 1:
        return None
    return main_collection(Batch.COLLECTION).find_one(
        {"id": batches[0]}, {"id": 1, "version": 1, "metadata": 1, "mask_verdict": 1}
    )
