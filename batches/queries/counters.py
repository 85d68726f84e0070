"""The dashboard's counters."""

from dataclasses import asdict, dataclass

from django.utils import timezone

from batches.models import Batch
from batches.queries.conditions import condition_of
from batches.queries.counts import kept
from batches.rules.filters import ANY_DOUBTFUL, BatchFilter
from batches.rules.states import Review, Status
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


# What is counted is what the filter of that name lists.
COUNTED = {
    "ns": BatchFilter(status=(str(Status.NOT_SEGMENTED),)),
    "in_progress": BatchFilter(status=(str(Status.IN_PROGRESS),)),
    "uploaded": BatchFilter(uploaded=True),
    "unassigned": BatchFilter(assignee=("",)),
    "overdue": BatchFilter(overdue=True),
    "approved": BatchFilter(review_status=(str(Review.APPROVED),)),
    "doubtful": BatchFilter(verdict=(ANY_DOUBTFUL,)),
}


def counters() -> Counters:
    """Return the counters of now: counted anew only after somebody wrote."""
    day = timezone.localdate()
    return Counters(**kept("counters", {"day": str(day)}, lambda: asdict(recount()), exact=True))


def recount() -> Counters:
    """Count now: each from the keys of an index, all in one command, which costs two thirds of what
    one pass over the documents does. Only `overdue` and `doubtful` read documents: those past their
    date, and those whose archive is not whole.

    While others write, one count may be of a moment before another; what is finished is the rest,
    so that the statuses always make up the total.
    """
    named = {name: condition_of(one) for name, one in COUNTED.items()}
    named["odd"] = {"status": {"$nin": list(map(str, Status))}}  # left by another program
    counting = [
        [{"$match": condition}, {"$group": {"_id": {"$literal": name}, "count": {"$sum": 1}}}]
        for name, condition in named.items()
    ]
    unions = [{"$unionWith": {"coll": Batch.COLLECTION, "pipeline": one}} for one in counting]
    every: list[Document] = [{"$group": {"_id": "total", "count": {"$sum": 1}}}]
    groups = main_collection(Batch.COLLECTION).aggregate([*every, *unions])
    counted = {str(group["_id"]): int(group["count"]) for group in groups}
    found = {name: counted.get(name, 0) for name in ("total", *COUNTED)}
    unfinished = found["ns"] + found["in_progress"] + counted.get("odd", 0)
    return Counters(**found, s=max(0, found["total"] - unfinished))
