"""The page's figures against a few lines of their own, from the raw histories in the database."""

import random
from collections import Counter
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from django.test import Client

from batches.models import Batch
from segmentacion.mongo.clients import main_collection
from tests.batches.metrics.lives import ZONE
from tests.batches.metrics.test_figures_properties import PEOPLE, story_of
from tests.factories import make_batches

PERIOD = {"from": "2025-08-25", "to": "2025-12-31"}
ACTS: list[dict[str, Any]] = [
    {"assignee": "Flor"}, {"assignee": "Ceci"}, {"assignee": "Maggie"}, {"assignee": None},
    {"status": "In"}, {"status": "S"}, {"status": "S"}, {"review_status": "Aprobado"},
    {"review_status": "No Aprobado", "review_comment": "bordes"}, {},
]  # fmt: skip


def stands(event: dict[str, Any], history: list[dict[str, Any]]) -> bool:
    """Tell whether nothing that stands undid it."""
    later = history[history.index(event) + 1 :]
    return not any(one.get("undo_of") == event["operation"] and stands(one, later) for one in later)


def by_hand(
    documents: list[dict[str, Any]],
) -> tuple[Counter[Any], Counter[str], list[float]]:
    """Return what each person did, how many batches were finished in each week, and the days that
    each had been with who finished it."""
    did: Counter[Any] = Counter()
    weeks: Counter[str] = Counter()
    days: list[float] = []
    for document in documents:
        since, holder, finisher, before, done, reviewed, verdict = (
            None, None, None, "NS", False, False, "",
        )  # fmt: skip
        history = document["history"]
        for event in history:
            if "undo_of" in event or not stands(event, history):
                continue
            new = {change["field"]: change["new"] for change in event["changes"]}
            if new.get("assignee") and new["assignee"] != holder:
                did[new["assignee"], "assigned"] += 1
                since = event["at"]
            holder = new.get("assignee", holder)
            if new.get("status") == "S" != before:
                finisher = holder
                if not done:
                    day = event["at"].astimezone(ZONE).date()
                    weeks[(day - timedelta(days=day.weekday())).isoformat()] += 1
                    did[holder, "done"] += 1
                    days.append((event["at"] - since) / timedelta(days=1))
                done = True
            before = new.get("status", before)
            told = new.get("metadata.review_status", verdict)
            if told != verdict and told in {"Aprobado", "No Aprobado"}:
                good = told == "Aprobado"
                did[finisher, "approved" if good else "rejected"] += 1
                did[finisher, "first_reviewed"] += not reviewed
                did[finisher, "first_approved"] += good and not reviewed
                reviewed = True
            verdict = told
    return +did, weeks, days


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_are_those_counted_by_hand(
    mongo: None, viewer_client: Client, seed: int
) -> None:
    chance = random.Random(seed)
    acts = [[(chance.uniform(0.1, 9), chance.choice(ACTS)) for _ in range(9)] for _ in range(40)]
    make_batches(story_of(number, one).document for number, one in enumerate(acts))
    did, weeks, days = by_hand(list(main_collection(Batch.COLLECTION).find()))
    team = viewer_client.get("/api/metrics/team", PERIOD).json()["people"]
    names = ("assigned", "done", "approved", "rejected", "first_reviewed", "first_approved")
    assert {(one["person"], name): one[name] for one in team for name in names if one[name]} == did
    told = viewer_client.get("/api/metrics/throughput", PERIOD).json()["weeks"]
    assert {week["start"]: week["done"] for week in told if week["done"]} == weeks
    whole = viewer_client.get("/api/metrics/summary", PERIOD).json()["figures"]
    assert whole["median_days"] == pytest.approx(median(days), abs=0.02)
    assert whole["most_days"] == pytest.approx(sorted(days)[-(len(days) // 10) - 1], abs=0.02)
    assert sum(weeks.values()) > 10
    assert {person for person, _ in did} == set(PEOPLE)
