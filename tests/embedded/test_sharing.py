"""Several processes, one server: joining, leaving, keeping, stopping."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from segmentacion.mongo.embedded import EmbeddedInUse, EmbeddedMongo

from .cast import Actor, kill_now
from .conftest import OpenMongo, StartActor


def test_it_is_joined_by_a_second_process(mongo: EmbeddedMongo, enter: StartActor) -> None:
    uri = mongo.ensure()
    pid = mongo.status().pid

    second = enter(Actor.user)

    assert second.line() == uri
    assert (mongo.status().pid, mongo.status().users) == (pid, 2)


def test_it_starts_once_when_two_processes_ask_at_once(
    mongo: EmbeddedMongo, enter: StartActor
) -> None:
    actors = [enter(Actor.user) for _ in range(3)]

    uris = {actor.line() for actor in actors}

    assert uris == {mongo.status().uri}


def test_it_survives_a_killed_user_and_is_joined_by_the_next(
    mongo: EmbeddedMongo, enter: StartActor
) -> None:
    killed = enter(Actor.user)
    uri = killed.line()
    pid = mongo.status().pid
    killed.kill()

    assert mongo.ensure() == uri
    assert (mongo.status().pid, mongo.status().users) == (pid, 1)


def test_it_is_stopped_by_the_last_user_only(mongo: EmbeddedMongo, enter: StartActor) -> None:
    mongo.ensure()
    last = enter(Actor.user)
    last.line()

    mongo.release()
    running_after_the_first = mongo.status().running
    last.leave()

    assert running_after_the_first
    assert not mongo.status().running


def test_it_counts_two_objects_of_one_process_apart(open_mongo: OpenMongo) -> None:
    first, second = open_mongo(), open_mongo()
    first.ensure()
    second.ensure()

    first.release()

    assert second.status().running


def test_it_survives_its_last_user_when_kept(mongo: EmbeddedMongo, enter: StartActor) -> None:
    mongo.start(keep=True)
    user = enter(Actor.user)
    user.line()

    user.leave()

    assert mongo.status().running
    assert mongo.status().keep


def test_it_is_kept_across_a_crash(mongo: EmbeddedMongo) -> None:
    kill_now(mongo.start(keep=True).pid)

    mongo.ensure()
    mongo.release()

    assert mongo.status().running


def test_it_stops_when_told_even_if_kept(mongo: EmbeddedMongo) -> None:
    mongo.start(keep=True)

    assert mongo.stop()
    assert not mongo.status().running
    assert not mongo.status().keep
    assert not mongo.stop()


def test_it_refuses_to_stop_under_another_process(mongo: EmbeddedMongo, enter: StartActor) -> None:
    mongo.ensure()
    other = enter(Actor.user)
    other.line()

    with pytest.raises(EmbeddedInUse, match="Otros procesos") as refusal:
        mongo.stop()

    assert refusal.value.pids == (other.process.pid,)
    assert (mongo.status().running, mongo.status().users) == (True, 2)


def test_it_stops_under_another_process_when_forced(
    mongo: EmbeddedMongo, enter: StartActor
) -> None:
    enter(Actor.user).line()

    assert mongo.stop(force=True)
    assert not mongo.status().running


def test_it_is_not_stopped_by_a_forked_child(mongo: EmbeddedMongo) -> None:
    mongo.ensure()

    child = os.fork()
    if child == 0:
        mongo.release()
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert mongo.status().users == 1
    assert mongo.status().running


def test_it_counts_a_forked_child_as_a_user_of_its_own(mongo: EmbeddedMongo) -> None:
    uri = mongo.ensure()
    reader, writer = os.pipe()

    child = os.fork()
    if child == 0:
        os.read(reader, 1)
        mongo.release()
        os._exit(mongo.status().running)
    mongo.release()
    uri_while_only_the_child_uses_it = mongo.status().uri
    os.write(writer, b".")
    _, status = os.waitpid(child, 0)

    assert uri_while_only_the_child_uses_it == uri
    assert status == 0


def test_it_leaves_no_zombie(mongo: EmbeddedMongo) -> None:
    mongo.ensure()
    pid = mongo.status().pid
    assert pid is not None

    mongo.release()

    assert not psutil.pid_exists(pid)


def test_it_needs_no_folder_to_be_stopped(mongo: EmbeddedMongo, folder: Path) -> None:
    assert not mongo.stop()
    assert not folder.exists()
