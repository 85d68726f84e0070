"""The two MongoDB clients: the main one through Django's connection, the mask store's own.

The mask store is never in DATABASES: Django creates and drops test databases there. Its
client is opened when first used, once per process, and again after a fork.
"""

import os
import threading
from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from django.conf import settings
from django.db import connections
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from segmentacion.mongo.server import store_uri

Document = dict[str, Any]
# Times leave MongoDB as aware UTC datetimes, so that no naive one travels through the code. A
# date that Python cannot hold (another program's year 20,251) arrives as DatetimeMS, not as an
# error of whatever listing it is in.
AUTO = DatetimeConversion.DATETIME_AUTO
AWARE: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC, datetime_conversion=AUTO)
NAIVE: CodecOptions[Document] = CodecOptions(tz_aware=False, datetime_conversion=AUTO)

_lock = threading.Lock()
_store: tuple[int, MongoClient[Document]] | None = None
_named: dict[tuple[int, str], MongoClient[Document]] = {}


def main_database() -> Database[Document]:
    """Return the main database, with aware times. Connects (and starts mongod) if needed."""
    wrapper: Any = connections["default"]
    database: Database[Document] = wrapper.database
    return database.with_options(codec_options=AWARE)


def main_collection(name: str) -> Collection[Document]:
    """Return a collection of the main database (the crew's may be in CREW_DB), aware times."""
    wrapper: Any = connections["default"]
    database = wrapper.database
    # Handles are made once per thread and connection: making one is a tenth of a small read.
    made_for, handles = wrapper.__dict__.get("aware_handles", (None, {}))
    if made_for is not database:
        handles = {}
        wrapper.aware_handles = (database, handles)
    collection: Collection[Document] | None = handles.get(name)
    if collection is None:
        collection = wrapper.get_collection(name, codec_options=AWARE)
        if not isinstance(collection, Collection):  # the debug wrapper, when queries are logged
            collection = database.get_collection(name, codec_options=AWARE)
        handles[name] = collection
    return collection


def store_client() -> MongoClient[Document]:
    """Return this process's client of the mask store, opened on first use."""
    global _store
    if _store is None or _store[0] != os.getpid():
        with _lock:
            if _store is None or _store[0] != os.getpid():
                options: dict[str, Any] = settings.MONGO_OPTIONS
                _store = (os.getpid(), MongoClient(store_uri(), **options))
    return _store[1]


def store_database() -> Database[Document]:
    """Return the mask store's database."""
    return store_client()[settings.TRAINING_DB]


def named_client(uri: str) -> MongoClient[Document]:
    """Return this process's client of another server, opened on first use."""
    key = (os.getpid(), uri)
    with _lock:
        if key not in _named:
            options: dict[str, Any] = settings.MONGO_OPTIONS
            _named[key] = MongoClient(uri, **options)
        return _named[key]


def close_clients() -> None:
    """Forget the clients of this process; the next use opens them anew."""
    global _store
    for key in [key for key in _named if key[0] == os.getpid()]:
        _named.pop(key).close()
    if _store is not None and _store[0] == os.getpid():
        _store[1].close()
    _store = None
    wrapper: Any = connections["default"]
    wrapper.close_pool()
