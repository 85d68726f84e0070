"""A stretch of a batch's history, newest first, without reading the rest over the wire."""

from dataclasses import dataclass
from typing import Any

from batches.models import Batch
from segmentacion.mongo.clients import Document, main_collection

# What another program left there as something else than a list counts as no history.
EVENTS: Document = {"$cond": [{"$isArray": "$history"}, "$history", []]}


@dataclass(frozen=True)
class History:
    """The newest events, and how many there are in all."""

    events: list[Any]
    total: int

    @property
    def more(self) -> bool:
        return len(self.events) < self.total


def newest_events(batch_id: str, limit: int) -> History:
    """Return up to `limit` newest events of a batch; none when there is no such batch."""
    found = list(
        main_collection(Batch.COLLECTION).aggregate(
            [
                {"$match": {"id": batch_id}},
                {
                    "$project": {
                        "_id": 0,
                        "total": {"$size": EVENTS},
                        "events": {"$slice": [{"$reverseArray": EVENTS}, limit]},
                    }
                },
            ]
        )
    )
    return History(**found[0]) if found else History([], 0)
