"""The figures of `/metrics`: sums from all histories, a question from kept sums, and again."""

import resource
from datetime import UTC, datetime, timedelta
from itertools import count

from bson.raw_bson import DEFAULT_RAW_BSON_OPTIONS
from django.utils import timezone

from batches.models import Batch
from batches.queries.board import loads, recount_loads
from batches.rules.filters import BatchFilter
from batches.rules.metrics.asking import Question, parse_question
from batches.services.metrics import ask, keeping
from batches.services.writing import CHUNK, change_many, change_pipeline
from benchmarks.timing import best, head, row
from segmentacion.actors import SYSTEM_ACTOR, new_operation
from segmentacion.mongo.clients import main_collection

STEPS: list[dict[str, object]] = [
    {"assignee": "Flor", "metadata.assigned_at": datetime(2025, 10, 1, tzinfo=UTC)},
    {"comments": "y" * 80},
    {"status": "In"},
    {"status": "S", "completed_at": datetime(2025, 10, 5, tzinfo=UTC)},
    {"metadata.review_status": "Aprobado", "reviewed_at": datetime(2025, 10, 6, tzinfo=UTC)},
]


def figures() -> None:
    """All figures against one bare read of all documents; a repeated question has a bar."""
    _give_histories()
    head("figures / one bare read of all documents")
    batches = main_collection(Batch.COLLECTION).with_options(codec_options=DEFAULT_RAW_BSON_OPTIONS)
    floor = best(lambda: sum(1 for _ in batches.find(batch_size=2_000)))
    before = _peak_mb()
    row("sums of all histories, nothing kept", best(keeping.make, rounds=2), floor, None)
    print(f"  its memory: peak rose by {_peak_mb() - before:.0f} MB")
    weeks = count(1)
    row("another question, from kept sums", best(lambda: _ask(next(weeks))), floor, None)
    row("the same question again (bar: 20 ms)", best(lambda: _ask(1), rounds=9), floor, None)
    changed = best(lambda: _ask(1), rounds=5, before=_change_one)
    row("a question after one change", changed, floor, None)
    loads(BatchFilter())
    warm, cold = best(lambda: loads(BatchFilter()), rounds=9), best(recount_loads)
    row("loads of the team, warm / a recount (bar: 20 ms)", warm, cold, None)


def _give_histories() -> None:
    start = datetime.now(UTC) - timedelta(weeks=10)
    keys = [document["_id"] for document in main_collection(Batch.COLLECTION).find({}, {"_id": 1})]
    chunks = [keys[i : i + CHUNK] for i in range(0, len(keys), CHUNK)]
    for place, values in enumerate(STEPS):
        pipeline = change_pipeline(
            values, actor=SYSTEM_ACTOR, operation=new_operation(),
            now=start + timedelta(weeks=place),
        )  # fmt: skip
        for chunk in chunks:
            change_many({"_id": {"$in": chunk}}, pipeline)


def _change_one() -> None:
    pipeline = change_pipeline(
        {"metadata.priority": "alta"}, actor=SYSTEM_ACTOR, operation=new_operation(),
        now=datetime.now(UTC),
    )  # fmt: skip
    condition = {"metadata.priority": "baja"}
    found = main_collection(Batch.COLLECTION).find_one(condition, {"_id": 1})
    if found is not None:
        change_many({"_id": found["_id"]}, pipeline)


def _ask(weeks: int) -> None:
    ask(_question(weeks), own=None, sees_all=True)


def _question(weeks: int) -> Question:
    return parse_question({"weeks": [str(weeks)]}, today=timezone.localdate())


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
