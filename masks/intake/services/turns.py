"""Working for some seconds, as a page asks for it again and again."""

import time
from contextlib import closing
from dataclasses import dataclass

from masks.intake import queries
from masks.intake.services.notifying import tell_soon
from masks.intake.services.running import RunReport, run_once
from masks.intake.services.taking import Queue
from segmentacion.actors import Actor


@dataclass(frozen=True)
class Turn:
    """What a turn did, and how many images are left that do not need a person."""

    report: RunReport
    remaining: int


def take_turn(*, actor: Actor, seconds: float) -> Turn:
    """Work through the queue; no image is begun after `seconds`. People are told what needs them.

    Raises BusyError and what TROUBLES names; what was archived before is archived.
    """
    report, until = RunReport(), time.monotonic() + seconds
    with closing(run_once(Queue(), actor=actor, report=report)) as steps:
        for _ in steps:
            if time.monotonic() > until:
                break
    if report.failed:
        tell_soon()
    status = queries.status()
    in_work = max(status.pending_uploads, int(status.current is not None))
    return Turn(report, status.waiting + in_work)
