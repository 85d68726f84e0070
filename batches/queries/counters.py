"""The dashboard's counters."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.utils import timezone

from batches.models import Batch
from batches.queries.counts import kept
from batches.rules.states import Review, Status
from batches.rules.verdicts import DOUBTFUL
from segmentacion.mongo.clients import Document, main_collection


@dataclass(frozen=True)
class Counters:
    """How many batches there are of each kind. `overdue`: due before today and not segmented;
    `doubtful`: uploaded, and something was found wrong with their newest file."""

    total: int = 0
    ns: int = 0
    in_progress: int = 0
    s: int = 0
    uploaded: int = 0
    unassigned: int = 0
    overdue: int = 0
    approved: int = 0
    doubtful: int = 0

    @property
    def not_uploaded(self) -> int:
        return self.total - self.uploaded

    @property
    def assigned(self) -> int:
        return self.total - self.unassigned


def counters() -> Counters:
    """Return the counters of now: counted anew only after somebody wrote."""
    day = timezone.localdate()
    return Counters(**kept("counters", {"day": str(day)}, lambda: asdict(recount()), exact=True))


def recount() -> Counters:
    """Count now, from the documents: one pass over all of them."""
    today = datetime.combine(timezone.localdate(), time(), UTC)
    groups = list(
        main_collection(Batch.COLLECTION).aggregate([{"$group": {"_id": None, **_sums(today)}}])
    )
    if not groups:
        return Counters()
    return Counters(**{name: count for name, count in groups[0].items() if name != "_id"})


def _sums(today: datetime) -> Document:
    due = "$metadata.due_date"
    late = {"$and": [{"$eq": [{"$type": due}, "date"]}, {"$lt": [due, today]}]}
    tests: dict[str, Any] = {
        "ns": {"$eq": ["$status", str(Status.NOT_SEGMENTED)]},
        "in_progress": {"$eq": ["$status", str(Status.IN_PROGRESS)]},
        "s": {"$eq": ["$status", str(Status.SEGMENTED)]},
        "uploaded": {"$eq": ["$mongo_uploaded", True]},
        "unassigned": {"$in": [{"$ifNull": ["$assignee", ""]}, [""]]},
        "overdue": {"$and": [late, {"$ne": ["$status", str(Status.SEGMENTED)]}]},
        "approved": {"$eq": ["$metadata.review_status", str(Review.APPROVED)]},
    }
    bad = {"$in": ["$mask_verdict.kind", sorted(DOUBTFUL)]}
    tests["doubtful"] = {"$and": [tests["uploaded"], bad]}
    sums = {name: {"$sum": {"$cond": [test, 1, 0]}} for name, test in tests.items()}
    return {"total": {"$sum": 1}, **sums}
