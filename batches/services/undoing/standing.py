"""How batches stand to an operation: who changed them last, and whether they may be put back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from batches.models import Batch
from batches.rules.undoing import RESTORED, Return, refusal
from batches.services.undoing.report import CHANGED_SINCE, REMOVED_SINCE, Undoing
from crew import queries as crew_queries
from segmentacion.actors import Channel
from segmentacion.mongo import trash
from segmentacion.mongo.clients import Document, main_collection

EVENTS: Document = {"$cond": [{"$isArray": ["$history"]}, "$history", []]}
FIELDS_OF_EVENT: Document = {
    "$cond": [{"$isArray": ["$$event.changes"]}, "$$event.changes.field", []]
}
# What belongs to no one's work on the batch: said beside it, or found out about its files.
SAID, FOUND = "comment_thread", "mask_verdict"
PASSED_OVER = [SAID, FOUND]
# The last event that is neither the sync's, nor a comment, nor a verdict on the masks.
LAST: Document = {
    "$last": {
        "$filter": {
            "input": EVENTS,
            "as": "event",
            "cond": {
                "$and": [
                    {"$eq": [{"$type": "$$event"}, "object"]},
                    {"$ne": ["$$event.channel", Channel.SYNC.value]},
                    {"$not": [{"$in": [{"$first": FIELDS_OF_EVENT}, PASSED_OVER]}]},
                ]
            },
        }
    }
}

# How a batch stands to an operation: it is the last change, this undo already went over it,
# somebody changed the batch since, or the operation never touched it.
HERS, DONE, SINCE, NEVER = "hers", "done", "since", "never"
# How many batches are asked about at once: what one group lists has to fit in one document.
AT_ONCE = 5000
# What the rules look at, now and in the event.
LOOKED_AT: Document = {"assignee": 1, "status": 1, "metadata.review_status": 1}
SITUATION: Document = {
    "assignee": "$assignee",
    "status": "$status",
    "review": "$metadata.review_status",
}
CHANGES: Document = {
    "$map": {
        "input": {"$cond": [{"$isArray": ["$last.changes"]}, "$last.changes", []]},
        "as": "change",
        "in": {
            "field": "$$change.field",
            "old": {"$cond": [{"$in": ["$$change.field", list(LOOKED_AT)]}, "$$change.old", None]},
        },
    }
}
# An event of this field says that the batch came to be, or came back, by the operation.
CAME = {"id", RESTORED}


@dataclass
class WaysBack:
    """The `_id`s an undo can put back: those it changed, by which fields, and those that are here
    because of it."""

    changed: dict[tuple[str, ...], list[Any]] = field(default_factory=dict)
    came: list[Any] = field(default_factory=list)

    @property
    def keys(self) -> list[Any]:
        return [key for keys in self.changed.values() for key in keys] + self.came

    def add(self, keys: Sequence[Any], fields: Sequence[str]) -> None:
        """Add batches whose event of the operation is about these fields."""
        if CAME & set(fields):
            self.came += keys
        else:
            self.changed.setdefault(tuple(sorted(fields)), []).extend(keys)


def ways_back(undoing: Undoing, every: Sequence[Any]) -> WaysBack:
    """Return those of `every` whose last change by people is the operation; name the others.

    Those that this same undo already put back, before it was interrupted, count as put back.
    """
    judge = _judge(undoing)
    ways = WaysBack()
    reasons: dict[Any, str] = {}
    missing = set(every)
    for start in range(0, len(every), AT_ONCE):
        for group in _standing(every[start : start + AT_ONCE], undoing):
            missing -= set(group["keys"])
            if group["_id"]["by"] == DONE:
                undoing.report.restored += len(group["keys"])
                continue
            reason = _refusal(group["_id"], judge)
            if reason is None:
                fields = [str(change["field"]) for change in group["_id"]["changes"]]
                ways.add(group["keys"], fields)
            elif reason:
                reasons |= dict.fromkeys(group["keys"], reason)
    taken = _taken_by(undoing, missing)
    undoing.report.restored += len(taken)
    reasons |= dict.fromkeys(missing - taken, REMOVED_SINCE)
    undoing.report.refused += named(every, reasons)
    return ways


def _taken_by(undoing: Undoing, missing: set[Any]) -> set[Any]:
    """Return those of `missing` that this same undo moved to the trash before."""
    if not missing:
        return set()
    lying = main_collection(trash.COLLECTION).find(
        {"kind": "batch", "operation": undoing.new}, {"document._id": 1}
    )
    return missing & {entry["document"]["_id"] for entry in lying}


def named(keys: Sequence[Any], reasons: dict[Any, str]) -> list[tuple[str, str]]:
    """Return the refused by name, with why, in the order of the operation."""
    if not reasons:
        return []
    wanted = list(reasons)
    found = main_collection(Batch.COLLECTION).find({"_id": {"$in": wanted}}, {"id": 1})
    names = {document["_id"]: document.get("id") for document in found}
    if unnamed := [key for key in wanted if key not in names]:
        lying = main_collection(trash.COLLECTION).find(
            {"kind": "batch", "document._id": {"$in": unnamed}}, {"key": 1, "document._id": 1}
        )
        names |= {entry["document"]["_id"]: entry["key"] for entry in lying}
    return [(str(names.get(key, key)), reasons[key]) for key in keys if key in reasons]


Judge = Callable[[Return], str | None]


def _judge(undoing: Undoing) -> Judge:
    """Return what the rules say of a way back."""
    crew, active = set(crew_queries.names()), set(crew_queries.names(active_only=True))
    return lambda way: refusal(way, asker=undoing.asker, crew=crew, active=active)


def _standing(keys: Sequence[Any], undoing: Undoing) -> Iterator[Document]:
    """Yield the `_id`s of these batches by how they stand: who changed them last (`by`), and, where
    that was the operation, what the rules look at now and what its event holds of it.

    The server groups them: ten thousand histories stay where they are.
    """
    acts = {"$map": {"input": EVENTS, "as": "event", "in": "$$event.operation"}}
    by = {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$last.operation", undoing.undone]}, "then": HERS},
                {"case": {"$eq": ["$last.operation", undoing.new]}, "then": DONE},
                {"case": {"$in": [undoing.undone, acts]}, "then": SINCE},
            ],
            "default": NEVER,
        }
    }
    return main_collection(Batch.COLLECTION).aggregate(
        [
            {"$match": {"_id": {"$in": list(keys)}}},
            {"$project": {**LOOKED_AT, "history": 1, "last": LAST}},
            {"$project": {**LOOKED_AT, "changes": CHANGES, "by": by}},
            {"$set": {"changes": {"$cond": [{"$eq": ["$by", HERS]}, "$changes", []]}}},
            {
                "$group": {
                    "_id": {"by": "$by", "changes": "$changes", **SITUATION},
                    "keys": {"$push": "$_id"},
                }
            },
        ],
        allowDiskUse=True,
    )


def _refusal(group: Document, judge: Judge) -> str | None:
    """Return why not; "" when the operation never touched it; None when it can be undone."""
    if group["by"] != HERS:
        return CHANGED_SINCE if group["by"] == SINCE else ""
    now = {**group, "metadata": {"review_status": group.get("review")}}
    return judge(Return.of(now, group["changes"]))
