"""The guard: it restarts what died, respects what was stopped, and ends with its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segmentacion.mongo.embedded import EmbeddedMongo, spawn_guard
from tests.waiting import until

from .cast import PROJECT, Actor, is_gone, kill_now
from .conftest import StartActor

Guard = subprocess.Popen[bytes]

_GUARD = [sys.executable, "-m", "segmentacion.mongo.embedded.guard"]


@pytest.fixture
def guard(mongo: EmbeddedMongo, folder: Path) -> Iterator[Guard]:
    guard = spawn_guard(folder)
    until(lambda: mongo.status().version, "the server is up")
    yield guard
    guard.kill()
    guard.wait()


@pytest.mark.usefixtures("guard")
def test_it_restarts_a_killed_server_on_its_port(mongo: EmbeddedMongo) -> None:
    before = mongo.status()

    kill_now(before.pid)

    until(lambda: mongo.status().uri == before.uri, "the server is up again")
    assert mongo.status().pid != before.pid


def test_it_leaves_down_what_was_stopped_on_purpose(mongo: EmbeddedMongo, folder: Path) -> None:
    with _guard_of(folder, os.getpid()) as guard:
        until(lambda: mongo.status().version, "the server is up")
        mongo.stop(force=True)

        events = _events_until(guard, "stopped_on_purpose")

        assert "restarted" not in [event["event"] for event in events]
        assert not mongo.status().running


def test_it_ends_on_sigterm_and_stops_the_server(mongo: EmbeddedMongo, guard: Guard) -> None:
    guard.terminate()

    assert guard.wait(timeout=20) == 0
    assert not mongo.status().running


def test_it_leaves_the_server_to_those_who_still_use_it(mongo: EmbeddedMongo, guard: Guard) -> None:
    mongo.ensure()

    guard.terminate()
    guard.wait(timeout=20)

    assert mongo.status().running


def test_it_ignores_ctrl_c(mongo: EmbeddedMongo, guard: Guard) -> None:
    before = mongo.status()
    guard.send_signal(signal.SIGINT)

    kill_now(before.pid)

    until(lambda: mongo.status().uri == before.uri, "the server is up again")
    assert guard.poll() is None


def test_it_stops_the_server_after_its_parent_is_killed(
    mongo: EmbeddedMongo, enter: StartActor
) -> None:
    parent = enter(Actor.guarded_parent)
    guard_pid = int(parent.line())
    until(lambda: mongo.status().version, "the server is up")

    parent.kill()

    until(lambda: is_gone(guard_pid), "the guard is gone")
    assert not mongo.status().running


def test_it_releases_even_when_nobody_reads_its_events(mongo: EmbeddedMongo, folder: Path) -> None:
    with _guard_of(folder, os.getpid()) as guard:
        until(lambda: mongo.status().version, "the server is up")
        assert guard.stderr is not None
        guard.stderr.close()

        guard.terminate()

        assert guard.wait(timeout=20) == 0
    assert not mongo.status().running


def test_it_ends_at_once_when_its_parent_is_gone_already(
    mongo: EmbeddedMongo, folder: Path
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    with _guard_of(folder, gone.pid) as guard:
        events = _events_until(guard, "parent_gone")

    assert [event["event"] for event in events] == ["parent_gone"]
    assert not mongo.status().running


def test_it_tries_again_later_and_later_when_it_cannot_start(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    with _guard_of(folder, parent.pid) as guard:
        failed = _events_until(guard, "start_failed") + _events_until(guard, "start_failed")
        parent.communicate(b"\n")
        last = _events_until(guard, "parent_gone")[-1]

    assert [event["retry_in"] for event in failed] == [2, 4]
    assert last["event"] == "parent_gone"


@contextmanager
def _guard_of(folder: Path, parent: int) -> Iterator[Guard]:
    """A guard whose events can be read."""
    command = [*_GUARD, str(folder), "--parent", str(parent)]
    guard = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE)
    try:
        yield guard
    finally:
        guard.kill()
        guard.wait()


def _events_until(guard: Guard, name: str) -> list[dict[str, object]]:
    """Read what it says, up to the next event of that name or its end."""
    assert guard.stderr is not None
    events = []
    for line in guard.stderr:
        events.append(json.loads(line))
        if events[-1]["event"] == name:
            break
    return events
