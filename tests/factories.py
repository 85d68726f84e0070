"""Makes what tests need: batches, mask files, people; each with only what matters there."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from batches.models import Batch, empty_file_info, empty_metadata
from masks import store
from segmentacion.actors import Actor, Channel
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection

PASSWORD = "una-clave-larga-1"
ACTOR = Actor("lider", Channel.WEB)
MOMENT = datetime(2025, 10, 1, 12, 0, tzinfo=UTC)


def batch_document(batch_id: str, **fields: Any) -> dict[str, Any]:
    """Return a stored batch; `metadata__due_date=…` sets inside metadata."""
    document = {
        "_id": ObjectId(),
        "id": batch_id,
        "folder": f"/datos/{batch_id}",
        "assignee": None,
        "status": "NS",
        "comments": "",
        "mongo_uploaded": False,
        "file_info": empty_file_info(),
        "metadata": empty_metadata(),
        "version": 1,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "completed_at": None,
        "reviewed_at": None,
        "history": [],
    }
    for name, value in fields.items():
        if name.startswith("metadata__"):
            document["metadata"][name.removeprefix("metadata__")] = value  # type: ignore[index]
        else:
            document[name] = value
    return document


def make_batches(documents: Iterable[dict[str, Any]]) -> None:
    main_collection(Batch.COLLECTION).insert_many(list(documents))
    versions.bump("batches")


def make_batch(batch_id: str, **fields: Any) -> dict[str, Any]:
    document = batch_document(batch_id, **fields)
    make_batches([document])
    return document


def stored(batch_id: str) -> dict[str, Any]:
    """Return a batch as it is stored now, history included."""
    document = main_collection(Batch.COLLECTION).find_one({"id": batch_id})
    assert document is not None, f"{batch_id} is gone"
    return document


def put_file(filename: str, *, days: float = 0, **metadata: Any) -> None:
    """Put one file document into the mask store, `days` after the fixed moment."""
    store.files().insert_one(
        {
            "_id": ObjectId(),
            "filename": filename,
            "uploadDate": MOMENT + timedelta(days=days),
            "length": 15_728_640,
            "chunkSize": 261_120,
            "metadata": metadata or {"uploaded_by": "flor"},
        }
    )


def put_files(filenames: Iterable[str]) -> None:
    for filename in filenames:
        put_file(filename)
