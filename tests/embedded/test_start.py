"""What a started server can do, and what it leaves on disk."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from segmentacion.mongo.embedded import EmbeddedMongo
from segmentacion.mongo.embedded.binary import find_binary
from segmentacion.mongo.embedded.process import LOG_FILE, LOG_LIMIT

from .cast import connect
from .conftest import OpenMongo


def test_it_has_transactions(mongo: EmbeddedMongo) -> None:
    with connect(mongo.ensure()) as client, client.start_session() as session:
        with session.start_transaction():
            client.lab.batches.insert_one({"_id": 1}, session=session)
            session.abort_transaction()
        with session.start_transaction():
            client.lab.batches.insert_one({"_id": 2}, session=session)

        assert [found["_id"] for found in client.lab.batches.find()] == [2]


def test_it_has_change_streams(mongo: EmbeddedMongo) -> None:
    with connect(mongo.ensure()) as client, client.lab.batches.watch() as stream:
        client.lab.batches.insert_one({"_id": 1})

        assert stream.next()["fullDocument"] == {"_id": 1}


def test_it_works_standalone(open_mongo: OpenMongo) -> None:
    uri = open_mongo(replica_set=False).ensure()

    with connect(uri) as client:
        client.lab.batches.insert_one({"_id": 1})
        assert client.lab.batches.count_documents({}) == 1
        assert "setName" not in client.admin.command("hello")


def test_it_runs_through_a_wrapper_script(open_mongo: OpenMongo, tmp_path: Path) -> None:
    wrapper = tmp_path / "wrapped"
    wrapper.write_text(f'#!/bin/sh\n"{find_binary()}" "$@"\n')
    wrapper.chmod(0o700)
    mongo = open_mongo(binary=str(wrapper))

    uri = mongo.ensure()

    assert mongo.status().uri == uri
    assert mongo.stop()
    assert not mongo.status().running


def test_it_serves_only_this_machine(mongo: EmbeddedMongo) -> None:
    mongo.ensure()

    server = psutil.Process(mongo.status().pid)
    listening = [c.laddr.ip for c in server.net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_it_runs_in_a_session_of_its_own(mongo: EmbeddedMongo) -> None:
    mongo.ensure()

    pid = mongo.status().pid
    assert pid is not None
    assert os.getsid(pid) == pid


def test_it_keeps_its_folder_private(mongo: EmbeddedMongo, folder: Path) -> None:
    mongo.ensure()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_ensures_from_many_threads_at_once(mongo: EmbeddedMongo) -> None:
    with ThreadPoolExecutor(8) as pool:
        uris = set(pool.map(lambda _: mongo.ensure(), range(16)))

    assert len(uris) == 1


def test_it_tells_its_status(mongo: EmbeddedMongo) -> None:
    before = mongo.status()
    uri = mongo.ensure()
    after = mongo.status()

    assert (before.running, before.pid, before.uri, before.users) == (False, None, None, 0)
    assert (after.running, after.uri, after.users, after.keep) == (True, uri, 1, False)
    assert after.version is not None
    assert after.version.count(".") == 2
    assert after.size_bytes > 1_000_000


def test_it_moves_a_long_log_aside(mongo: EmbeddedMongo, folder: Path) -> None:
    folder.mkdir()
    (folder / LOG_FILE).write_bytes(b"x" * (LOG_LIMIT + 1))

    mongo.ensure()

    assert (folder / LOG_FILE).stat().st_size < LOG_LIMIT
    assert (folder / f"{LOG_FILE}.1").stat().st_size == LOG_LIMIT + 1
