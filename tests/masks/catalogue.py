"""Makes documents of the catalogue, as a sync would have left them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bson import ObjectId

from batches.rules.names import batch_ids_in
from masks.models import CatalogueFile
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection
from tests.factories import MOMENT


def file_document(filename: str, *, days: float = 0, **fields: Any) -> dict[str, Any]:
    """Return a file of the catalogue; `verdict` may be a kind alone."""
    verdict = fields.pop("verdict", None)
    document: dict[str, Any] = {
        "_id": ObjectId(),
        "filename": filename,
        "uploadDate": MOMENT + timedelta(days=days),
        "length": 15_728_640,
        "uploaded_by": "flor",
        "declared": None,
        "batches": list(batch_ids_in(filename)),
        "conflict": False,
        "here": True,
        "seen_at": MOMENT,
        **fields,
    }
    if isinstance(verdict, str):
        verdict = {
            "kind": verdict,
            "reason": f"razón de {verdict}",
            "masks": 3,
            "checked_at": MOMENT,
            "length": document["length"],
        }
    if verdict is not None:
        document["verdict"] = verdict
    return document


def catalogue(documents: Iterable[dict[str, Any]]) -> None:
    main_collection(CatalogueFile.COLLECTION).insert_many(list(documents))
    versions.bump("sync")
