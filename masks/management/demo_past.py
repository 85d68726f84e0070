"""Invented past weeks for the demonstration, so that its figures have something to show.

Each act goes by the rules and the write path, at a moment in the past, in the name of
«demostración». The batches that carry files are worked on first. Always the same story.
"""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from batches.models import DATA_VERSION, Batch
from batches.rules.changes import Asker, Refusal, Situation, parse_change, plan_change
from batches.rules.names import batch_ids_in
from batches.rules.states import Review, Status
from batches.services.changing import Act
from crew import queries as crew_queries
from segmentacion.actors import Actor, Channel, new_operation
from segmentacion.mongo import versions
from segmentacion.mongo.clients import Document, main_collection

ACTOR = Actor("demostración", Channel.COMMAND)
LEAD = Asker("demostración", may_edit=True, may_review=True)
WAITING = 40  # batches handed out in the last days, without files yet
COMMENTS = ("Los bordes están movidos.", "Falta una máscara.", "Hay dos etiquetas cambiadas.")
Step = tuple[datetime, dict[str, Any]]


def invent_past(weeks: int, files: Path) -> int:
    """Let the people in activity have worked for some weeks; return how many acts there were.

    Only for the untouched demonstration. Side effects: histories, the data version.
    """
    chance = random.Random(weeks)  # noqa: S311 - a story, not a secret
    today = datetime.combine(timezone.localdate(), time(9), timezone.get_current_timezone())
    start = today - timedelta(days=today.weekday(), weeks=weeks)
    made = timezone.now() - timedelta(weeks=weeks, days=7)
    batches = main_collection(Batch.COLLECTION)
    batches.update_many({}, {"$set": {"created_at": made, "history.0.at": made}})
    crew, acts = crew_queries.names(active_only=True), 0
    for batch_id, steps in _story(_ids(files), start, weeks, crew, chance):
        acts += _live(batch_id, steps, crew)
    versions.bump(DATA_VERSION)
    return acts


def _ids(files: Path) -> list[str]:
    """Return the batches to be worked on: those with files, then some of the others."""
    named = json.loads(files.read_text(encoding="utf-8"))
    with_files = {one for document in named for one in batch_ids_in(document["filename"])}
    found = main_collection(Batch.COLLECTION).find({}, {"id": 1}).sort("id", 1)
    ids = [document["id"] for document in found]
    others = [one for one in ids if one not in with_files]
    return [one for one in ids if one in with_files] + others[:WAITING]


def _story(
    ids: Sequence[str], start: datetime, weeks: int, crew: Sequence[str], chance: random.Random
) -> Iterator[tuple[str, list[Step]]]:
    finished = len(ids) - WAITING
    for place, batch_id in enumerate(ids):
        person = crew[chance.randrange(len(crew))]
        if place < finished:
            days = (place * weeks * 7) // finished
            yield batch_id, _work(start + timedelta(days=days), person, chance)
        else:
            at = start + timedelta(weeks=weeks, days=-chance.uniform(1, 9))
            yield batch_id, _handed_out(at, person, chance)


def _work(at: datetime, person: str, chance: random.Random) -> list[Step]:
    """Return a batch handed out, segmented, reviewed, and perhaps returned once."""
    steps: list[Step] = _handed_out(at, person, chance)

    def later(low: float, high: float, **asked: Any) -> None:
        steps.append((steps[-1][0] + timedelta(hours=chance.uniform(low, high)), asked))

    later(4, 90, status=str(Status.SEGMENTED))
    if chance.random() < 0.2:
        comment = chance.choice(COMMENTS)
        later(4, 40, review_status=str(Review.REJECTED), review_comment=comment)
        later(4, 50, status=str(Status.SEGMENTED))
    later(4, 60, review_status=str(Review.APPROVED))
    return steps


def _handed_out(at: datetime, person: str, chance: random.Random) -> list[Step]:
    due = (at + timedelta(days=chance.randint(5, 12))).date().isoformat()
    priority = chance.choice(["alta", "media", "media", "baja"])
    begun = at + timedelta(hours=chance.uniform(2, 40))
    given = {"assignee": person, "priority": priority, "due_date": due}
    return [(at, given), (begun, {"status": str(Status.IN_PROGRESS)})]


def _live(batch_id: str, steps: Sequence[Step], crew: Sequence[str]) -> int:
    """Carry out what lies in the past; return how many acts that were."""
    batches, acts = main_collection(Batch.COLLECTION), 0
    document: Document | None = batches.find_one({"id": batch_id}, {"history": 0})
    for at, asked in steps:
        if document is None or at >= timezone.now():
            break
        now, change = at.astimezone(UTC), parse_change(asked)
        try:
            values = plan_change(Situation.of(document), change, asker=LEAD, crew=crew, now=now)
        except Refusal:
            break
        act = Act(ACTOR, new_operation(), now, change.get("review_comment", ""))
        batches.update_one({"_id": document["_id"]}, act.pipeline(values))
        document, acts = batches.find_one({"id": batch_id}, {"history": 0}), acts + 1
    return acts
