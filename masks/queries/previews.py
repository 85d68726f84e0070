"""Contact sheets that were made already."""

from typing import Any

from masks.models import ArchivePreview
from segmentacion.mongo.clients import Document, main_collection


def preview_of(file_id: Any, length: object) -> Document | None:
    """Return the contact sheet of a file's content as it is now, or None."""
    return main_collection(ArchivePreview.COLLECTION).find_one({"_id": file_id, "length": length})
