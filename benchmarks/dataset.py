"""The data set of `bench/sync_baseline.py`, in this product's collections and indexes."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from batches.models import Batch, empty_file_info, empty_metadata
from masks import store
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection, main_database

START = datetime(2025, 10, 1, tzinfo=UTC)
PEOPLE = [None, "Mauricio", "Maggie", "Ceci", "Flor", "Ignacio"]


def load(batches: int, files: int) -> list[str]:
    """Fill both databases and return the ids."""
    chance = random.Random(7)
    ids = [f"batch_{i:06d}F" if i % 3 else f"batch_T{i:06d}" for i in range(batches)]
    main_collection(Batch.COLLECTION).insert_many(
        [_batch(batch_id, chance) for batch_id in ids], ordered=False
    )
    store.files().create_index([("filename", 1), ("uploadDate", 1)])
    store.files().insert_many(
        [_file(chance.choice(ids), number) for number in range(files)], ordered=False
    )
    versions.bump("batches")
    return ids


def reset_marks(collection: Any = None) -> None:
    """Take all marks and their history away, as before a first sync."""
    if collection is None:
        collection = main_collection(Batch.COLLECTION)
    collection.update_many(
        {}, {"$set": {"mongo_uploaded": False, "file_info": empty_file_info(), "history": []}}
    )


def bare_copy() -> Any:
    """Return a copy of the batches with the id index alone, as the older versions had it."""
    collection = main_database()["batches_bare"]
    collection.drop()
    main_collection(Batch.COLLECTION).aggregate([{"$out": "batches_bare"}])
    collection.create_index("id", unique=True)
    return collection


def _batch(batch_id: str, chance: random.Random) -> dict[str, Any]:
    due = START + timedelta(days=chance.randrange(-90, 90))
    return {
        "id": batch_id,
        "folder": f"/datos/{batch_id}",
        "assignee": chance.choice(PEOPLE),
        "status": chance.choice(["NS", "In", "S"]),
        "comments": "x" * 80,
        "mongo_uploaded": False,
        "file_info": empty_file_info(),
        "metadata": {
            **empty_metadata(),
            "priority": chance.choice(["alta", "media", "baja"]),
            "due_date": chance.choice([None, due]),
        },
        "version": 1,
        "created_at": START,
        "updated_at": START + timedelta(seconds=chance.randrange(10_000_000)),
        "completed_at": None,
        "reviewed_at": None,
        "history": [],
    }


def _file(batch_id: str, number: int) -> dict[str, Any]:
    uploaded = START + timedelta(seconds=number)
    # As old as its date says: a file of a moment ago is asked for again by the next run.
    random_part = number.to_bytes(8, "big")
    return {
        "_id": ObjectId(int(uploaded.timestamp()).to_bytes(4, "big") + random_part),
        "filename": f"masks_{batch_id}.tar.xz",
        "uploadDate": uploaded,
        "length": 15_728_640,
        "chunkSize": 261_120,
        "metadata": {"uploaded_by": "x"},
    }
