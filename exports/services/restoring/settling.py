"""What became of a restore whose process died."""

from datetime import datetime

from exports.models import RestoreJournal
from exports.services.restoring import swapping
from exports.services.restoring.engine import complete_pending
from segmentacion.http.deadline import without_deadline
from segmentacion.mongo.clients import main_collection


def settle(file: str, since: datetime | None) -> tuple[bool, bool]:
    """Complete, or take back, restores that were cut off; tell whether none is left, and whether
    the one of this file since then replaced the data in the end."""
    with without_deadline():
        complete_pending()
    if swapping.pending():
        return False, False  # its lease is not over yet
    done = {"file": file, "step": "done", "started_at": {"$gte": since}}
    found = main_collection(RestoreJournal.COLLECTION).find_one(done) if since else None
    return True, found is not None
