"""A server as older programs left it."""

from collections.abc import Iterator

import pytest

from batches.models import Batch
from crew.models import Segmenter
from segmentacion.mongo.clients import Document, main_collection, main_database
from segmentacion.mongo.djongo import TABLES
from segmentacion.mongo.indexes import ensure_declared
from tests.batches.adoption.older import (
    drop_unique,
    load,
)


@pytest.fixture
def older_server(mongo: None) -> Iterator[None]:
    """A server as older programs left it: nothing is unique. Our indexes are put back after."""
    for model in (Batch, Segmenter):
        drop_unique(model)
    yield
    for name in ("django_migrations", "django_content_type", "auth_permission"):
        main_collection(name).delete_many({"id": {"$type": "number"}})
    for name in TABLES:
        for index in ("__primary_key__", "djongo_id"):
            if index in main_collection(name).index_information():
                main_collection(name).drop_index(index)
    for model in (Batch, Segmenter):
        main_collection(model.COLLECTION).delete_many({})
        drop_unique(model)
        ensure_declared(model)


@pytest.fixture
def legacy(older_server: None) -> dict[str, list[Document]]:
    return load("legacy_database.json")


@pytest.fixture
def djongo(older_server: None) -> Iterator[dict[str, list[Document]]]:
    yield load("djongo_database.json")
    main_database().drop_collection("__schema__")
