"""Staying, and working through what arrives."""

import threading
from collections.abc import Callable

from django.conf import settings

from masks.intake.rules import pause
from masks.intake.services.errors import TROUBLES, BusyError
from masks.intake.services.notifying import tell_people
from masks.intake.services.running import Progress, RunReport, run_once
from masks.intake.services.taking import Queue
from segmentacion.actors import Actor


def watch(
    *,
    actor: Actor,
    report: RunReport,
    stop: threading.Event,
    progress: Callable[[Progress], None],
    trouble: Callable[[str], None],
) -> None:
    """Work until told to stop. Between two looks others may work in the folders.

    Trouble of database or disk is waited out, as long as it takes, with growing pauses; people
    are told once when it has lasted.
    """
    queue, troubles = Queue(), 0
    while not stop.is_set():
        wait = settings.WATCH_POLL_SECONDS
        try:
            for step in run_once(queue, actor=actor, report=report):
                progress(step)
                if stop.is_set():
                    break
            troubles = 0
            tell_people()
        except BusyError:
            pass
        except TROUBLES as error:
            troubles += 1
            trouble(str(error))
            if troubles == settings.INTAKE_ATTEMPTS:
                tell_people(trouble=str(error))
            wait = pause(troubles, settings.INTAKE_RETRY_SECONDS).total_seconds()
        stop.wait(wait)
