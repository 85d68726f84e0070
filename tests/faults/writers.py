"""Processes that write batches through the services, and what their histories must say."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from tests.site import ROOT

# Forks after Django is set up and before any client is open, so that 50 processes start in a
# second. Each line printed is one pull: who, and the batch given.
PULLERS = """
import json, os, random, sys, time
import django
django.setup()
from batches.services.assigning import NothingLeftError, BusyError, WorkInProgressError, next_batch
from batches.services.changing import change_batch
from batches.rules.changes import Asker
from segmentacion.actors import Actor, Channel

def pull(person):
    asker = Asker(person, person=person, may_work=True)
    actor = Actor(person, Channel.API)
    while True:
        try:
            batch = next_batch(person, actor=actor)
        except (WorkInProgressError, BusyError):
            time.sleep(random.uniform(0.05, 0.25))  # waiting costs the ones at work their turn
            continue
        except NothingLeftError:
            return
        os.write(1, (json.dumps([person, batch["id"]]) + "\\n").encode())
        change_batch(batch["id"], {"status": "S"}, asker=asker, actor=actor)

gate, opener = os.pipe()
children = []
for number in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        os.close(opener)
        os.read(gate, 1)  # returns when the parent closes the other end: all start at once
        pull(sys.argv[2 + number % (len(sys.argv) - 2)])
        os._exit(0)
    children.append(child)
os.close(opener)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def pull_together(
    processes: int, people: list[str], *, env: dict[str, str]
) -> list[tuple[str, str]]:
    """Let processes pull batches at once until none is left; return (person, batch) pairs."""
    done = subprocess.run(
        [sys.executable, "-c", PULLERS, str(processes), *people],
        env={**env, "DJANGO_SETTINGS_MODULE": "segmentacion.settings"},
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [(person, batch_id) for person, batch_id in map(json.loads, done.stdout.splitlines())]


def most_held(batches: Iterable[dict[str, Any]], first: dict[str, Any]) -> dict[str, int]:
    """Return the most open batches each person held at any moment, from the histories.

    `first` is how every batch began. A change of hands at a moment counts before a taking.
    """
    steps: list[tuple[Any, int, str]] = []
    for batch in batches:
        holder = open_holder(first)
        state = dict(first)
        for event in batch["history"]:
            state |= {change["field"]: change["new"] for change in event["changes"]}
            if (now := open_holder(state)) != holder:
                steps += [(event["at"], -1, holder)] if holder else []
                steps += [(event["at"], 1, now)] if now else []
                holder = now
    held: dict[str, int] = {}
    most: dict[str, int] = {}
    for _, step, person in sorted(steps):
        held[person] = held.get(person, 0) + step
        most[person] = max(most.get(person, 0), held[person])
    return most


def open_holder(state: dict[str, Any]) -> str:
    return str(state["assignee"] or "") if state["status"] in {"NS", "In"} else ""


def check_history(batch: dict[str, Any], first: dict[str, Any]) -> None:
    """Assert that the history tells how the batch came from `first` to what it is: every value
    replaced was there, nothing is missing, and each event raised the version once."""
    state = dict(first)
    operations = [event["operation"] for event in batch["history"]]
    assert len(set(operations)) == len(operations)
    for event in batch["history"]:
        for change in event["changes"]:
            assert state.get(change["field"]) == change["old"], (batch["id"], event)
            state[change["field"]] = change["new"]
    assert {path: value_at(batch, path) for path in state} == state, batch["id"]
    assert batch["version"] == 1 + len(batch["history"])


def value_at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


SOAK = os.environ.get("SOAK") == "1"
