"""Uploads through our page, as `mask_uploads` recorded them."""

from bson import ObjectId

from masks.models import MaskUpload
from masks.queries.runs import store_name
from segmentacion.mongo.clients import Document, main_collection

STORING = "storing"
SWEEPING = "sweeping"
DONE = "done"


def same_content(batch_id: str, sha256: str) -> list[Document]:
    """Return the uploads of this content for this batch, the oldest first, under way included."""
    found = main_collection(MaskUpload.COLLECTION).find(
        {"batch_id": batch_id, "sha256": sha256, "store": store_name()}
    )
    return list(found.sort("_id"))


def unheard_of(seconds: float) -> Document:
    """Return the condition for uploads, into this store, whose worker is gone: nothing was heard
    of it for so long, by the server's clock."""
    limit = {"$subtract": ["$$NOW", int(seconds * 1000)]}
    return {
        "state": {"$in": [STORING, SWEEPING]},
        "store": store_name(),
        "$expr": {"$lt": ["$alive_at", limit]},
    }


def abandoned(seconds: float) -> list[ObjectId]:
    """Return the ids of the uploads whose worker is gone."""
    found = main_collection(MaskUpload.COLLECTION).find(unheard_of(seconds), {"_id": 1})
    return [document["_id"] for document in found]
