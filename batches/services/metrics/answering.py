"""Answering a question about the work."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from batches.rules.metrics.asking import Question
from batches.rules.metrics.figures import Counted, Figures, Week, figures_of
from batches.rules.metrics.forecast import Forecast, Outcome
from batches.services.metrics import keeping, storing
from segmentacion.mongo.clients import Document

DAYS = ("early", "middle", "late")


@dataclass(frozen=True)
class Answer:
    """Figures, of when they are, and whose names there are figures about."""

    figures: Figures
    at: datetime
    people: list[str]


def answer(question: Question) -> Answer:
    """Return the figures that a question asks for, as of the data now.

    Warm: a few small reads. Cold: one stream of all histories. Writes only what it keeps.
    """
    head, tally = keeping.sums()
    key = repr(question)
    stored = storing.find_answer(head, key)
    if stored is not None:
        return Answer(_read(stored, question), head.at, head.people)
    tally = tally or storing.load(head)
    if tally is None:  # its parts went while we looked
        head, tally = keeping.make()
    found = figures_of(tally, question)
    storing.keep_answer(head, key, _written(found))
    return Answer(found, head.at, head.people)


def _written(figures: Figures) -> Document:
    value = {name: part for name, part in asdict(figures).items() if name != "question"}
    told: Document = value["forecast"]
    return value | {
        "forecast": told | {name: told[name] and told[name].isoformat() for name in DAYS}
    }


def _read(value: Document, question: Question) -> Figures:
    return Figures(
        question=question,
        all=Counted(**value["all"]),
        people=tuple(Counted(**one) for one in value["people"]),
        weeks=tuple(Week(**week) for week in value["weeks"]),
        forecast=_forecast(value["forecast"]),
        has_history=value["has_history"],
    )


def _forecast(told: dict[str, Any]) -> Forecast:
    days = {name: told[name] and date.fromisoformat(told[name]) for name in DAYS}
    sample = tuple(told["sample"])
    return Forecast(Outcome(told["outcome"]), told["remaining"], sample, **days)
