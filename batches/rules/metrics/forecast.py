"""When the rest may be finished, from how different the past weeks were.

The last complete weeks (12 at most, 4 at least) are drawn again and again, at random and with
repetition, until what is left would be finished: a thousand times over. The middle eight of ten
outcomes are the range that is told. The draw always begins the same: equal data give equal answers.

What it does not know: batches still to be added or returned beyond what is usual, holidays, people
who come or go. Few weeks, or weeks much alike, make the range look narrower than it is.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from batches.rules.metrics.weeks import LENGTH

MOST_WEEKS, FEWEST_WEEKS = 12, 4
DRAWS = 1_000
EARLY, MIDDLE, LATE = 0.1, 0.5, 0.9
HORIZON_WEEKS = 260


class Outcome(StrEnum):
    RANGE = "range"
    NOTHING_LEFT = "nothing_left"
    TOO_FEW_WEEKS = "too_few_weeks"  # fewer than four complete weeks since the first finished batch
    NO_PROGRESS = "no_progress"  # the past weeks together finished nothing
    TOO_FAR = "too_far"  # beyond five years in more than one of ten outcomes


@dataclass(frozen=True)
class Forecast:
    """When the rest may be finished. The dates are there only for an outcome RANGE; `sample` is
    what each of the past weeks finished."""

    outcome: Outcome
    remaining: int
    sample: tuple[int, ...] = ()
    early: date | None = None
    middle: date | None = None
    late: date | None = None


def forecast(
    remaining: int, finished: Sequence[int], *, today: date, began: bool = False
) -> Forecast:
    """Return the forecast for what is left; `finished` are the complete weeks, oldest first,
    each with how many batches more were finished at its end than at its beginning. Weeks before
    the first finished batch say nothing, unless work `began` before all these weeks."""
    if remaining <= 0:
        return Forecast(Outcome.NOTHING_LEFT, 0)
    started = (
        0
        if began
        else next((place for place, count in enumerate(finished) if count), len(finished))
    )
    sample = tuple(finished[started:][-MOST_WEEKS:])
    if len(sample) < FEWEST_WEEKS:
        return Forecast(Outcome.TOO_FEW_WEEKS, remaining, sample)
    if sum(sample) <= 0:
        return Forecast(Outcome.NO_PROGRESS, remaining, sample)
    chance = random.Random(0)  # noqa: S311 - a simulation
    outcomes = sorted(_draw(remaining, sample, chance) for _ in range(DRAWS))
    early, middle, late = (_at(outcomes, share) for share in (EARLY, MIDDLE, LATE))
    if late >= HORIZON_WEEKS:
        return Forecast(Outcome.TOO_FAR, remaining, sample)
    dates = (_after(today, weeks) for weeks in (early, middle, late))
    return Forecast(Outcome.RANGE, remaining, sample, *dates)


def _draw(remaining: int, sample: Sequence[int], chance: random.Random) -> float:
    """Return after how many weeks one drawing finishes the rest, the last week by its share."""
    left, weeks = remaining, 0
    while weeks < HORIZON_WEEKS:
        count = chance.choice(sample)
        if count >= left:
            return weeks + left / count
        left, weeks = left - count, weeks + 1
    return HORIZON_WEEKS


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _after(today: date, weeks: float) -> date:
    return today + timedelta(days=max(1, -int(-weeks * LENGTH // 1)))
