"""Handing out work evenly: who gets which batch. Plain Python, deterministic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from batches.rules.states import BatchError

MAX_WEIGHT = 100.0


class DistributionError(BatchError):
    """The distribution asked for makes no sense; the message says why."""


@dataclass(frozen=True)
class Share:
    """What one person would get: the batches, and the open load before and after."""

    person: str
    ids: tuple[str, ...]
    before: int
    after: int


def plan_distribution(
    ids: Sequence[str],
    *,
    loads: Mapping[str, int],
    weights: Mapping[str, float],
) -> list[Share]:
    """Give each batch, in order, to whoever has the least open load for their weight.

    `loads` are open batches now, `weights` say how much each can take (1 is normal). Ties go by
    name, so the same question has the same answer. Raises DistributionError.
    """
    if not weights:
        raise DistributionError("Elige al menos a una persona.")
    for person, weight in weights.items():
        if not 0 < weight <= MAX_WEIGHT:
            raise DistributionError(f"El peso de {person} debe ser mayor que 0 y hasta 100.")
    given: dict[str, list[str]] = {person: [] for person in weights}
    queue = [((loads.get(p, 0) + 1) / weights[p], p) for p in weights]
    heapify(queue)
    for batch_id in ids:
        _, person = heappop(queue)
        given[person].append(batch_id)
        load = loads.get(person, 0) + len(given[person]) + 1
        heappush(queue, (load / weights[person], person))
    return [
        Share(p, tuple(given[p]), loads.get(p, 0), loads.get(p, 0) + len(given[p]))
        for p in sorted(weights, key=str.casefold)
    ]
