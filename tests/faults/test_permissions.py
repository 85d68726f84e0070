"""A store that answers «you may not»: a real mongod with --auth and an account without rights."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from segmentacion.mongo.embedded.binary import find_binary
from tests.site import environment, free_port, manage

pytestmark = pytest.mark.faults


@pytest.fixture
def guarded_store(tmp_path: Path) -> Iterator[tuple[MongoClient[dict[str, Any]], int]]:
    """A mongod with --auth, an administrator, and the account «ajena» without any right."""
    port = free_port()
    (tmp_path / "db").mkdir()
    command = [str(find_binary(None)), "--auth", "--dbpath", str(tmp_path / "db")]
    command += ["--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    command += ["--networkMessageCompressors", "snappy,zstd", "--logpath", str(tmp_path / "log")]
    process = subprocess.Popen([*command, "--wiredTigerCacheSizeGB", "0.25"])
    setup: MongoClient[Any] = MongoClient("127.0.0.1", port)
    setup.admin.command("createUser", "raiz", pwd="raiz", roles=["root"])
    root: MongoClient[Any] = MongoClient("127.0.0.1", port, username="raiz", password="raiz")
    root.admin.command("createUser", "ajena", pwd="ajena", roles=[])
    yield root, port
    process.terminate()
    process.wait(30)


def sync_as(user: str, port: int, main_uri: str, *flags: str) -> "subprocess.CompletedProcess[str]":
    env = environment(
        MONGO_URI=main_uri,
        MONGO_DB="permisos",
        TRAINING_MONGO_URI=f"mongodb://{user}:{user}@127.0.0.1:{port}/",
    )
    assert manage("migrate", "-v", "0", env=env).returncode == 0
    return manage("sync_masks", *flags, env=env)


def test_an_account_that_may_not_read_changes_nothing_and_exits_1(
    guarded_store: tuple[MongoClient[dict[str, Any]], int], own_main_uri: str
) -> None:
    root, port = guarded_store
    batches = MongoClient(own_main_uri)["permisos"]["batches"]
    batches.insert_one({"id": "batch_1", "mongo_uploaded": True})
    root["QUALITY_IEMSA"]["training_metrics.masks.files"].insert_one({"filename": "batch_2.zip"})
    before = list(batches.find())
    done = sync_as("ajena", port, own_main_uri)
    assert done.returncode == 1
    assert "no puede leer el almacén de máscaras" in done.stderr
    assert list(batches.find()) == before


def test_a_wrong_password_changes_nothing_and_exits_1(
    guarded_store: tuple[MongoClient[dict[str, Any]], int], own_main_uri: str
) -> None:
    _, port = guarded_store
    done = sync_as("nadie", port, own_main_uri)
    assert done.returncode == 1
    assert "no se cambió nada" in done.stderr


@pytest.fixture
def own_main_uri() -> Iterator[str]:
    """The test server, with a database that is dropped afterwards."""
    from django.conf import settings

    yield settings.MONGO_URI
    MongoClient(settings.MONGO_URI).drop_database("permisos")


def test_an_account_without_the_store_backs_up_the_rest_and_says_what_is_missing(
    guarded_store: tuple[MongoClient[dict[str, Any]], int], tmp_path: Path
) -> None:
    root, port = guarded_store
    roles = [{"role": role, "db": "segmentacion_db"} for role in ("readWrite", "dbAdmin")]
    root.admin.command("createUser", "propia", pwd="propia", roles=roles)
    env = environment(MONGO_URI=f"mongodb://propia:propia@127.0.0.1:{port}/?authSource=admin")
    assert manage("migrate", "-v", "0", env=env).returncode == 0
    root["segmentacion_db"]["batches"].insert_one({"id": "batch_1", "history": []})
    done = manage("backup", "--masks", "--json", "--to", str(tmp_path / "to"), env=env)
    assert done.returncode == 1
    assert "no puede leer" in json.loads(done.stdout)["error"]
    (made,) = (tmp_path / "to").glob("backup_*.json")
    tried = manage("backup", "--scheduled", "--json", "--to", str(tmp_path / "auto"), env=env)
    assert tried.returncode == 0, tried.stderr
    assert "sin restauración de prueba" in json.loads(tried.stdout)["note"]
    root["segmentacion_db"]["batches"].delete_many({})
    assert manage("restore", str(made), "--yes", env=env).returncode == 0
    assert root["segmentacion_db"]["batches"].count_documents({"id": "batch_1"}) == 1
