"""Crashes, stolen ports, reused pids."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil

from segmentacion.mongo.embedded import EmbeddedMongo
from segmentacion.mongo.embedded.binary import find_binary
from segmentacion.mongo.embedded.process import choose_port, spawn_mongod
from segmentacion.mongo.embedded.state import ServerState, read_state, write_state

from .cast import Stranger, connect, kill_now
from .conftest import OpenMongo


def test_it_comes_back_after_a_kill_with_its_data_and_port(mongo: EmbeddedMongo) -> None:
    uri = mongo.ensure()
    with connect(uri) as client:
        client.lab.batches.insert_one({"_id": 1})
        kill_now(mongo.status().pid)

        assert mongo.ensure() == uri
        assert client.lab.batches.count_documents({}) == 1


def test_it_comes_back_on_its_port_after_a_stop(mongo: EmbeddedMongo) -> None:
    uri = mongo.ensure()
    mongo.stop()

    assert mongo.ensure() == uri


def test_it_moves_when_a_stranger_took_its_port(mongo: EmbeddedMongo) -> None:
    first_uri = mongo.ensure()
    with connect(first_uri) as client:
        client.lab.batches.insert_one({"_id": 1})
    kill_now(mongo.status().pid)
    stranger = Stranger(_port(mongo))

    second_uri = mongo.ensure()
    stranger.close()

    assert second_uri != first_uri
    with connect(second_uri) as client:
        client.lab.batches.insert_one({"_id": 2})
        assert client.lab.batches.count_documents({}) == 2
        assert client.address == ("127.0.0.1", _port(mongo))


def test_it_moves_when_another_mongod_took_its_port(
    mongo: EmbeddedMongo, open_mongo: OpenMongo, tmp_path: Path
) -> None:
    first_uri = mongo.ensure()
    mongo.stop()
    (tmp_path / "other").mkdir()
    write_state(tmp_path / "other", ServerState(port=_port(mongo)))
    other_uri = open_mongo(tmp_path / "other").ensure()

    second_uri = mongo.ensure()

    assert other_uri == first_uri
    assert second_uri != first_uri
    with connect(second_uri) as mine, connect(other_uri) as others:
        mine.lab.batches.insert_one({"_id": 1})
        assert others.lab.batches.count_documents({}) == 0


def test_it_never_signals_a_pid_that_is_another_program_now(
    mongo: EmbeddedMongo, folder: Path
) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    created = psutil.Process(bystander.pid).create_time()
    folder.mkdir()
    write_state(folder, ServerState(port=None, pid=bystander.pid, created=created))

    stopped = mongo.stop()
    mongo.ensure()
    mongo.release()

    assert not stopped
    assert bystander.poll() is None
    bystander.communicate(b"\n")


def test_it_joins_a_server_whose_starter_died_before_recording_it(
    mongo: EmbeddedMongo, open_mongo: OpenMongo, folder: Path
) -> None:
    uri = mongo.ensure()
    (folder / "state.json").unlink()

    assert open_mongo().ensure() == uri
    assert read_state(folder).pid == mongo.status().pid


def test_it_turns_a_standalone_folder_into_a_replica_set(
    mongo: EmbeddedMongo, open_mongo: OpenMongo
) -> None:
    standalone = open_mongo(replica_set=False)
    standalone.ensure()
    standalone.stop()

    uri = mongo.ensure()

    with connect(uri) as client:
        assert client.admin.command("hello")["setName"] == "rs0"


def test_it_initiates_the_set_of_a_starter_that_died_half_way(
    mongo: EmbeddedMongo, folder: Path
) -> None:
    (folder / "db").mkdir(parents=True)
    half_way = spawn_mongod(
        find_binary(), folder.resolve(), choose_port(None), replica_set=True, cache_gb=0.25
    )

    with connect(mongo.ensure()) as client:
        client.lab.batches.insert_one({"_id": 1})

    assert mongo.status().pid == half_way.pid


def test_it_goes_on_without_a_readable_state(mongo: EmbeddedMongo, folder: Path) -> None:
    folder.mkdir()
    (folder / "state.json").write_text('{"pid": "twelve"')

    mongo.ensure()

    assert json.loads((folder / "state.json").read_text())["pid"] == mongo.status().pid


def _port(mongo: EmbeddedMongo) -> int:
    port = mongo.status().port
    assert port is not None
    return port
