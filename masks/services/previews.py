"""The contact sheet of a file's masks: made when first looked at, then kept in `mask_previews`.

The newest KEPT are kept, of 400 KB at most each (`masks/verifying/sheet.py`): 800 MB, however many
files the store has. One that went is made again when somebody looks.
"""

import logging
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any

from gridfs import NoFile
from pymongo.errors import PyMongoError

from masks import store
from masks.models import ArchivePreview
from masks.queries.previews import preview_of
from masks.rules.sheets import Sheet
from masks.rules.verdicts import Limits
from masks.verifying.delivery import Delivery, VanishedError
from masks.verifying.worker import Worker
from segmentacion.http.deadline import without_deadline
from segmentacion.mongo.clients import Document, main_collection

logger = logging.getLogger("segmentacion.previews")

# A large archive is read twice, names first; what cannot be done in this time is not shown.
LIMITS = Limits(seconds=20.0)
KEPT = 2_000
AT_ONCE = 500  # how many are let go at a time, where there were more than KEPT before this rule


class PreviewError(Exception):
    """There is no contact sheet of this file; the message says why, for the person."""


class GoneError(PreviewError):
    def __init__(self) -> None:
        super().__init__("Este archivo ya no está en el almacén.")


class StoreAwayError(PreviewError):
    def __init__(self) -> None:
        super().__init__("El almacén de máscaras no responde. Intenta de nuevo más tarde.")


def contact_sheet(file_id: Any) -> Document:
    """Return a file's contact sheet: `image` (WebP), `shown`, `total`, `reason`.

    Side effect: keeps it, by file and length. It may take LIMITS.seconds the first time, whatever
    the deadline of the request. Raises PreviewError when there is none.
    """
    try:
        document = store.file_document(file_id)
        if document is None:
            raise GoneError
        length = document.get("length")
        kept = preview_of(file_id, length)
        return kept or _make(file_id, length)
    except (NoFile, VanishedError) as error:
        raise GoneError from error


def _make(file_id: Any, length: Any) -> Document:
    if not isinstance(length, int) or isinstance(length, bool):
        raise PreviewError("El almacén no dice cuánto mide este archivo.")
    with without_deadline(), closing(Worker()) as worker:
        try:
            sheet = worker.sheet(Delivery(file_id, length), LIMITS)
        except PyMongoError as error:
            raise StoreAwayError from error
        if not sheet.image:
            raise PreviewError(f"No se pueden mostrar las máscaras: {sheet.reason}.")
        return _keep(file_id, length, sheet)


def _keep(file_id: Any, length: int, sheet: Sheet) -> Document:
    now = datetime.now(UTC)
    preview = {
        "length": length,
        "image": sheet.image,
        "shown": [{"name": name, "size": [width, height]} for name, width, height in sheet.shown],
        "total": sheet.total or len(sheet.shown),
        "width": sheet.width,
        "height": sheet.height,
        "reason": sheet.reason,
        "made_at": now.replace(microsecond=now.microsecond // 1000 * 1000),  # as it is kept
    }
    with suppress(PyMongoError):  # what is shown need not be kept
        previews = main_collection(ArchivePreview.COLLECTION)
        previews.replace_one({"_id": file_id}, preview, upsert=True)
        _let_go_of_the_oldest()
    return {"_id": file_id, **preview}


def _let_go_of_the_oldest() -> None:
    """Remove what is beyond KEPT, oldest first; of many, AT_ONCE now and the others next time."""
    previews = main_collection(ArchivePreview.COLLECTION)
    by_age = previews.find({}, {"_id": 1}).sort([("made_at", -1), ("_id", -1)])
    oldest = [found["_id"] for found in by_age.skip(KEPT).limit(AT_ONCE)]
    if oldest:
        previews.delete_many({"_id": {"$in": oldest}})
