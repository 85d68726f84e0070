"""The guard: it restarts what died, respects what was stopped, and ends with its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from segmentacion.mongo.embedded import EmbeddedMongo, spawn_guard

from .cast import PROJECT, Actor, eventually, is_gone, kill_now
from .conftest import StartActor

Guard = subprocess.Popen[bytes]

_GUARD = [sys.executable, "-m", "segmentacion.mongo.embedded.guard"]


@pytest.fixture
def guard(mongo: EmbeddedMongo, folder: Path) -> Iterator[Guard]:
    guard = spawn_guard(folder)
    assert eventually(lambda: mongo.status().version is not None)
    yield guard
    guard.kill()
    guard.wait()


@pytest.mark.usefixtures("guard")
def test_it_restarts_a_killed_server_on_its_port(mongo: EmbeddedMongo) -> None:
    before = mongo.status()

    kill_now(before.pid)

    assert eventually(lambda: mongo.status().uri == before.uri)
    assert mongo.status().pid != before.pid


@pytest.mark.usefixtures("guard")
def test_it_leaves_down_what_was_stopped_on_purpose(mongo: EmbeddedMongo) -> None:
    mongo.stop(force=True)

    assert not eventually(lambda: mongo.status().running, seconds=1.6)


def test_it_ends_on_sigterm_and_stops_the_server(mongo: EmbeddedMongo, guard: Guard) -> None:
    guard.terminate()

    assert guard.wait(timeout=20) == 0
    assert not mongo.status().running


def test_it_leaves_the_server_to_those_who_still_use_it(mongo: EmbeddedMongo, guard: Guard) -> None:
    mongo.ensure()

    guard.terminate()
    guard.wait(timeout=20)

    assert mongo.status().running


def test_it_ignores_ctrl_c(guard: Guard) -> None:
    guard.send_signal(signal.SIGINT)

    with pytest.raises(subprocess.TimeoutExpired):
        guard.wait(timeout=1.5)


def test_it_stops_the_server_after_its_parent_is_killed(
    mongo: EmbeddedMongo, enter: StartActor
) -> None:
    parent = enter(Actor.guarded_parent)
    guard_pid = int(parent.line())
    assert eventually(lambda: mongo.status().version is not None)

    parent.kill()

    assert eventually(lambda: is_gone(guard_pid))
    assert not mongo.status().running


def test_it_releases_even_when_nobody_reads_its_events(mongo: EmbeddedMongo, folder: Path) -> None:
    guard = subprocess.Popen(
        [*_GUARD, str(folder), "--parent", str(os.getpid())], cwd=PROJECT, stderr=subprocess.PIPE
    )
    assert eventually(lambda: mongo.status().version is not None)
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

    events = _run_guard(folder, gone.pid)

    assert [event["event"] for event in events] == ["parent_gone"]
    assert not mongo.status().running


def test_it_tries_again_later_and_later_when_it_cannot_start(folder: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3)"])
    folder.write_text("a file where the folder should be")

    events = _run_guard(folder, parent.pid, reaper=parent)

    waits = [event["retry_in"] for event in events if event["event"] == "start_failed"]
    assert waits[:2] == [2, 4]
    assert events[-1]["event"] == "parent_gone"


def _run_guard(
    folder: Path, parent: int, *, reaper: subprocess.Popen[bytes] | None = None
) -> list[dict[str, object]]:
    """Run a guard to its end; its events."""
    command = [*_GUARD, str(folder), "--parent", str(parent)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True, timeout=30)
    if reaper is not None:
        reaper.wait()
    return [json.loads(line) for line in ended.stderr.splitlines()]
