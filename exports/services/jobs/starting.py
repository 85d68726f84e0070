"""Starting the process of a job: `manage.py data_job ID`, in a session of its own."""

import logging
import subprocess
import sys

from django.conf import settings

from exports.rules.jobs import JobKind
from exports.services.jobs import records
from segmentacion.actors import Actor
from segmentacion.mongo.clients import Document

logger = logging.getLogger("segmentacion.jobs")


def start(kind: JobKind, *, actor: Actor, label: str, **options: Document | str | bool) -> str:
    """Record a job and start its process; return its id. What cannot be started is recorded.

    One that asks for the same and is under way is answered with instead: a second click.
    """
    going = records.under_way(kind, dict(options))
    if going is not None:
        return going
    key = records.create(kind, actor=actor, options=dict(options), label=label)
    try:
        spawn(key)
    except OSError as error:
        logger.error("Job %s was not started: %s", key, error)
        records.fail(key, f"No se pudo empezar: {error.strerror}. No se cambió nada.")
    return key


def spawn(key: str) -> None:
    """Start the process. It outlives this one."""
    subprocess.Popen(  # noqa: S603 - our own interpreter and command
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "data_job", key],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        start_new_session=True,
    )
