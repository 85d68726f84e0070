"""Migrations over a database that earlier programs left: kept as it is, completed."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import ASCENDING, MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from tests.frame.processes import answer, on_test_server
from tests.site import manage

NAME = "frame_schema"
FOUND: dict[str, list[dict[str, Any]]] = {
    "batches": [
        {"_id": 1, "id": "batch_1", "status": "NS", "color": "rojo"},
        {"_id": 2, "id": "batch_1", "status": "In"},
        {"_id": 3, "id": "batch_2", "metadata": "rara"},
    ],
    "segmentadores": [{"_id": 1, "name": "Flor"}],
    "sync_runs": [],
    "auth_user": [],
}
DECLARED = """
import json
from batches.models import Batch
from segmentacion.mongo.indexes import ensure_declared
print(json.dumps(ensure_declared(Batch)))
"""


def on_it() -> dict[str, str]:
    return on_test_server(NAME)


def keys_of(index: Any) -> list[tuple[str, int]]:
    return [(path, int(direction)) for path, direction in index["key"].items()]


def id_indexes(database: Database[Any]) -> dict[str, bool]:
    """Return the names of the indexes on `id` alone, and whether they are unique."""
    return {
        index["name"]: bool(index.get("unique"))
        for index in database["batches"].list_indexes()
        if keys_of(index) == [("id", 1)]
    }


@pytest.fixture(scope="module")
def migrated(django_db_setup: None) -> Iterator[Database[Any]]:
    """A database with collections and indexes of before, after `manage.py migrate`."""
    client: MongoClient[Any] = MongoClient(on_it()["MONGO_URI"])
    client.drop_database(NAME)
    database = client[NAME]
    for name, documents in FOUND.items():
        database.create_collection(name)
        if documents:
            database[name].insert_many(documents)
    database["batches"].create_index([("id", ASCENDING)], name="por_id")
    database["batches"].create_index(
        [("status", ASCENDING), ("id", ASCENDING)], name="estatus_y_id", background=True
    )
    database["auth_user"].create_index([("username", ASCENDING)], name="usuario", unique=True)
    done = manage("migrate", "--verbosity", "0", env=on_it())
    assert done.returncode == 0, done.stderr
    yield database
    client.drop_database(NAME)
    client.close()


def test_no_document_is_touched(migrated: Database[Any]) -> None:
    for name, documents in FOUND.items():
        assert list(migrated[name].find().sort("_id", 1)) == documents


def test_what_was_missing_is_there(migrated: Database[Any]) -> None:
    names = set(migrated.list_collection_names())
    assert {"auth_group", "django_session", "api_tokens", "django_migrations"} <= names
    paths = [keys_of(index) for index in migrated["batches"].list_indexes()]
    assert [("metadata.due_date", 1), ("id", 1)] in paths


def test_indexes_of_before_stay_and_are_not_doubled(migrated: Database[Any]) -> None:
    indexes = list(migrated["batches"].list_indexes())
    assert [i["name"] for i in indexes if keys_of(i) == [("status", 1), ("id", 1)]] == [
        "estatus_y_id"
    ]
    assert migrated["auth_user"].index_information()["usuario"]["unique"]


def test_migrating_again_does_nothing(migrated: Database[Any]) -> None:
    before = {name: migrated[name].index_information() for name in FOUND}
    done = manage("migrate", env=on_it())
    assert done.returncode == 0, done.stderr
    assert "No migrations to apply" in done.stdout or "No hay migraciones" in done.stdout
    assert {name: migrated[name].index_information() for name in FOUND} == before


def test_an_account_can_be_made_in_it(migrated: Database[Any]) -> None:
    done = manage("setup_access", env={**on_it(), "ADMIN_PASSWORD": "clave-de-prueba-1"})
    assert done.returncode == 0, done.stderr
    assert migrated["auth_user"].count_documents({"username": "admin"}) == 1
    migrated["auth_user"].delete_many({})


@pytest.fixture
def duplicate_gone(migrated: Database[Any]) -> Iterator[None]:
    """The second `batch_1` is away while the test runs."""
    (extra,) = migrated["batches"].find({"_id": 2})
    migrated["batches"].delete_one({"_id": 2})
    yield
    for name in id_indexes(migrated):
        migrated["batches"].drop_index(name)
    migrated["batches"].insert_one(extra)


def test_ids_that_are_there_twice_keep_a_plain_index(migrated: Database[Any]) -> None:
    assert set(id_indexes(migrated).values()) == {False}
    assert answer(DECLARED, on_it()) == ["id_1"]


def test_once_the_duplicates_are_gone_ids_are_unique(
    migrated: Database[Any], duplicate_gone: None
) -> None:
    assert answer(DECLARED, on_it()) == []
    assert True in id_indexes(migrated).values()
    with pytest.raises(DuplicateKeyError):
        migrated["batches"].insert_one({"_id": 4, "id": "batch_1"})
