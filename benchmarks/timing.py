"""Timing, and the table that is printed."""

import time
from collections.abc import Callable
from typing import Any

ROUNDS = 40


def best(
    work: Callable[[], Any], *, rounds: int = 3, before: Callable[[], Any] | None = None
) -> float:
    """Return the best time of several rounds, in seconds; `before` is not timed."""
    times = []
    for _ in range(rounds):
        if before:
            before()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def in_turns(ours: Callable[[], Any], floor: Callable[[], Any]) -> tuple[float, float]:
    """Return the best time of each, measured in turns: a busy moment of the machine meets both."""
    times = [(best(ours, rounds=1), best(floor, rounds=1)) for _ in range(ROUNDS)]
    return min(mine for mine, _ in times), min(bare for _, bare in times)


def row(label: str, seconds: float, floor: float, bar: float | None) -> None:
    """Print one line: what, how long, how long the floor takes, the ratio, the bar."""
    ratio = seconds / floor
    verdict = "" if bar is None else f"  bar {bar:g}  {'ok' if ratio <= bar else 'OVER'}"
    print(
        f"{label:<58} {1000 * seconds:>9.1f} ms  {1000 * floor:>9.1f} ms  {ratio:>6.2f} x{verdict}"
    )


def head(title: str) -> None:
    print(f"\n{title:<58} {'ours':>12}  {'floor':>12}  {'ratio':>8}", flush=True)
