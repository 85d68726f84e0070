"""A holder that was stopped beyond its lease changes nothing when it goes on. Real SIGSTOP."""

import signal
import subprocess
from typing import Any

import pytest
from django.conf import settings

from batches.models import Batch
from masks import store
from masks.queries import files
from masks.services.sync import LEASE, run_sync
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo import leases
from segmentacion.mongo.clients import main_collection, main_database
from tests.factories import make_batch, put_files
from tests.frame.processes import on_test_server, start
from tests.site import manage
from tests.waiting import PATIENCE, until

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("mongo")]

# Says when it is about to do the step, and does it when told: between the two it is stopped.
HOLDER = """
import sys
from batches.services import marks
from masks.services import catalogue
from masks.services.sync import SyncError, run_sync
from segmentacion.actors import SYNC_ACTOR
from segmentacion.mongo import leases
owner, name = {step}
real = getattr(owner, name)
def waiting(*args, **kwargs):
    if not {only_if}:
        return real(*args, **kwargs)
    print("ready", flush=True)
    sys.stdin.readline()
    return real(*args, **kwargs)
setattr(owner, name, waiting)
try:
    run_sync(actor=SYNC_ACTOR)
    print("done")
except SyncError as error:
    print(type(error).__name__)
"""
STEPS = {
    "marks": ('marks, "_write"', "True"),
    "catalogue": ('catalogue, "_merge"', "True"),
    "position": ('leases.Lease, "save_state"', 'not args[1].get("pending")'),
}


def holder(step: str, seconds: float = 1) -> "subprocess.Popen[str]":
    """Start a sync that stops for good before a step."""
    place, only_if = STEPS[step]
    env = on_test_server(
        main_database().name, TRAINING_DB=settings.TRAINING_DB, SYNC_LEASE_SECONDS=str(seconds)
    )
    process = start(HOLDER.format(step=place, only_if=only_if), env)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def everything() -> list[Any]:
    """Return all that a sync writes: marks, catalogue, position."""
    batches = list(main_collection(Batch.COLLECTION).find().sort("_id"))
    state = leases.state_of(LEASE)
    return [batches, list(files.catalogue().find().sort("_id")), state]


@pytest.mark.parametrize("step", STEPS)
def test_a_stopped_holder_that_goes_on_after_another_changes_nothing(step: str) -> None:
    make_batch("batch_1")
    make_batch("batch_2")
    put_files(["batch_1.zip"])
    run_sync(actor=SYNC_ACTOR)
    put_files(["batch_2.zip"])
    process = holder(step)
    process.send_signal(signal.SIGSTOP)
    try:
        until(lambda: not leases.is_held(LEASE), "the lease has run out")
        store.files().delete_many({"filename": "batch_2.zip"})
        put_files(["batch_1_b.zip"])
        run_sync(actor=SYNC_ACTOR, full=True)
        after = everything()
    finally:
        process.send_signal(signal.SIGCONT)
    said, errors = process.communicate("go\n", timeout=PATIENCE)
    assert said.strip() == "SyncInterruptedError", errors
    assert everything() == after


def test_of_many_processes_at_once_one_runs_and_the_others_say_so() -> None:
    make_batch("batch_1")
    put_files(["batch_1.zip"])
    process = holder("catalogue", seconds=600)
    env = on_test_server(main_database().name, TRAINING_DB=settings.TRAINING_DB)
    other = manage("sync_masks", "--full", env=env)
    said, errors = process.communicate("go\n", timeout=PATIENCE)
    assert (other.returncode, said.strip()) == (1, "done"), errors
    assert "Ya hay una sincronización en curso" in other.stderr
