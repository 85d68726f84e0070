"""Writing: 10,000 batches assigned at once and put back, and the next batch pulled."""

from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateMany

from batches.models import Batch
from batches.queries.selection import documents_of
from batches.rules.changes import Asker
from batches.rules.selecting import parse_selection
from batches.services.assigning import next_batch
from batches.services.bulk import change_many
from batches.services.undoing import undo
from benchmarks.timing import best, head, row
from crew.services import add_person
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import main_collection

MANY = 10_000
ACTOR = Actor("bench", Channel.API)
LEAD = Asker("bench", may_edit=True)
# Two people of the benchmark alone: the filter «of the first» is exactly MANY batches.
FIRST, SECOND = "Banco", "Banca"


def changing(ids: list[str]) -> None:
    """Bulk assign and undo of 10,000 beside one raw update of the same; pulls at full size."""
    head(f"{MANY:,} batches at once, history included / one raw update_many (bar: 1,000 ms)")
    for name in (FIRST, SECOND):
        add_person(name=name)
    collection = main_collection(Batch.COLLECTION)
    keys = [d["_id"] for d in collection.find({"id": {"$in": ids[:MANY]}}, {"_id": 1})]
    give(collection, keys)
    operations: list[str] = []

    def before() -> None:
        give(collection, keys)

    def assigned() -> None:
        before()
        operations.append(assign())

    floor = best(lambda: raw(collection), before=before)
    row("assign, found by filter", best(assign, before=before), floor, None)
    undone = best(lambda: undo(operations[-1], asker=LEAD, actor=ACTOR), before=assigned)
    row("its undo", undone, floor, None)
    before()
    head(f"one of {len(ids):,} / a raw find_one_and_update by id")
    pull = best(lambda: next_batch(SECOND, actor=ACTOR), before=drop, rounds=9)
    row("next_batch", pull, best(lambda: raw_one(collection, ids[0]), rounds=9), None)
    drop()


def give(collection: Any, keys: list[Any]) -> None:
    """Put the 10,000 in the hands of one person, with empty histories."""
    update = {"assignee": FIRST, "status": "In", "history": []}
    collection.update_many({"_id": {"$in": keys}}, {"$set": update})


def assign() -> str:
    """Do what the API's bulk does: find by filter, plan, write."""
    documents, _ = documents_of(parse_selection({"filter": {"assignee": FIRST}}))
    report = change_many(documents, {"assignee": SECOND}, asker=LEAD, actor=ACTOR)
    assert report.changed == MANY, report.changed
    return report.operation


def raw(collection: Any) -> None:
    """One update of the same batches, without plan, history or version."""
    now = datetime.now(UTC)
    update = {"$set": {"assignee": SECOND, "metadata.assigned_at": now}}
    collection.bulk_write([UpdateMany({"assignee": FIRST}, update)])


def raw_one(collection: Any, batch_id: str) -> None:
    collection.find_one_and_update({"id": batch_id}, {"$set": {"comments": "x"}})


def drop() -> None:
    """Take what the person holds away again, so that the limit is not in the way."""
    main_collection(Batch.COLLECTION).update_many(
        {"assignee": SECOND}, {"$set": {"assignee": FIRST}}
    )
