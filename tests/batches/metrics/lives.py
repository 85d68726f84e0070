"""Batches with histories, as the write path leaves them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from batches.rules.changes import Asker, Situation, plan_change
from batches.rules.importing import value_at
from batches.rules.metrics.asking import parse_question
from batches.rules.metrics.figures import Figures, figures_of
from batches.rules.metrics.lives import facts_of
from batches.rules.metrics.people import People
from batches.rules.metrics.tally import Tally, share_of
from batches.rules.metrics.weeks import Calendar

ZONE = ZoneInfo("America/Mexico_City")
# A Monday, local noon.
START = datetime(2025, 9, 1, 18, tzinfo=UTC)
NOW = START + timedelta(weeks=12, days=2)
LEAD = Asker("lider", may_edit=True, may_review=True)


class Story:
    """One batch and what people did to it: by the rules, with the events they leave."""

    def __init__(self, batch_id: str = "batch_000001F", *, day: float = 0, **fields: Any) -> None:
        self.document: dict[str, Any] = {
            "id": batch_id, "assignee": None, "status": "NS", "created_at": at(day),
            "completed_at": None, "reviewed_at": None, "history": [],
            "metadata": {"assigned_at": None, "priority": "media", "review_status": "Pendiente",
                         "due_date": None},
        }  # fmt: skip
        self.count = 0
        for path, value in fields.items():
            put(self.document, path.replace("__", "."), value)

    def then(self, day: float, **asked: Any) -> "Story":
        """Change the batch on a day (from START), what follows included."""
        situation = Situation.of(self.document)
        crew = [asked["assignee"]] if asked.get("assignee") else []
        values = plan_change(situation, asked, asker=LEAD, crew=crew, now=at(day))
        return self.write(day, values)

    def write(self, day: float, values: Mapping[str, Any], **extra: Any) -> "Story":
        """Set values as the write path does: with one event."""
        self.count += 1
        event = {"at": at(day), "operation": f"op-{self.count}", **extra, "changes": [
            {"field": path, "old": value_at(self.document, path), "new": value}
            for path, value in values.items()
        ]}  # fmt: skip
        for path, value in values.items():
            put(self.document, path, value)
        self.document["history"].append(event)
        return self

    def undo(self, day: float) -> "Story":
        """Undo the last event."""
        last = self.document["history"][-1]
        before = {change["field"]: change["old"] for change in last["changes"]}
        return self.write(day, before, undo_of=last["operation"])

    def renamed(self, day: float, new: str) -> "Story":
        return self.write(day, {"assignee": new})


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def put(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        document = document.setdefault(parent, {})
    document[name] = value


def tally_of(
    stories: Iterable[Story | dict[str, Any]], people: People | None = None, now: datetime = NOW
) -> Tally:
    calendar = Calendar(ZONE, now)
    tally = Tally(calendar)
    for story in stories:
        document = story.document if isinstance(story, Story) else story
        facts = facts_of(document, people or People(), ZONE)
        tally.add(share_of(document, facts, calendar))
    return tally


def figures(
    *stories: Story | dict[str, Any], people: People | None = None, **params: str
) -> Figures:
    """Return the figures of these batches; 13 weeks, from the first on, unless asked otherwise."""
    params = params if {"weeks", "from"} & params.keys() else {"weeks": "13", **params}
    question = parse_question({k: [v] for k, v in params.items()}, today=NOW.date())
    return figures_of(tally_of(stories, people), question)


def of(found: Figures, name: str) -> Any:
    """Return the row of a person."""
    return next(one for one in found.people if one.person == name)
