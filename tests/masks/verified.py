"""Archives in the store and the catalogue, and the verdicts on them."""

from typing import Any

from masks import store
from masks.models import ArchiveVerdict, CatalogueFile
from masks.services.verifying import Options, VerifyReport, verify
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import main_collection
from tests.factories import MOMENT
from tests.masks.archives import FORMATS, masks

WHOLE = FORMATS[".tar.xz"](masks(3))
COMMAND = Actor("verify_masks", Channel.COMMAND)


def put(content: bytes, *batches: str, days: int = 0, chunk_size: int = 500) -> Any:
    """Put an archive into the store and into the catalogue; return its id."""
    name = f"masks_{'_'.join(batches) or 'sueltas'}.tar.xz"
    file_id = store.bucket().upload_from_stream(name, content, chunk_size_bytes=chunk_size)
    catalogue().insert_one(
        {
            "_id": file_id,
            "filename": name,
            "length": len(content),
            "uploadDate": MOMENT.replace(day=1 + days),
            "batches": list(batches),
            "here": True,
        }
    )
    return file_id


def catalogue() -> Any:
    return main_collection(CatalogueFile.COLLECTION)


def run(**options: Any) -> VerifyReport:
    report, files = VerifyReport(), list(catalogue().find({"here": True}).sort("uploadDate", -1))
    for _ in verify(files, actor=COMMAND, options=Options(**options), report=report):
        pass
    return report


def kept(file_id: Any) -> Any:
    return main_collection(ArchiveVerdict.COLLECTION).find_one({"_id": file_id})
