"""What is known of the batches that the files of a page count for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from batches.models import Batch
from masks.models import CatalogueFile
from segmentacion.mongo.clients import Document, main_collection

MAX_VERSIONS = 5_000


@dataclass(frozen=True)
class Surroundings:
    """What is known of the batches of some files: which exist (`here`), and the `_id`s of the files
    of each, oldest first; of none when nobody asked, or when they have more than 5,000 files
    together."""

    here: set[str] = field(default_factory=set)
    places: dict[str, list[Any]] = field(default_factory=dict)


def surroundings(documents: Iterable[Document], *, versions: bool) -> Surroundings:
    """Return what is known of the batches of these files, in one command. With `versions`, which
    cost as much as two pages, also which files each has."""
    ids = sorted({batch for document in documents for batch in document.get("batches") or ()})
    if not ids:
        return Surroundings()
    if versions:
        return _with_versions(ids)
    found = main_collection(Batch.COLLECTION).find({"id": {"$in": ids}}, {"_id": 0, "id": 1})
    return Surroundings({one["id"] for one in found})


def _with_versions(ids: list[str]) -> Surroundings:
    existing = [{"$match": {"id": {"$in": ids}}}, {"$project": {"_id": 0, "id": 1}}]
    found = main_collection(CatalogueFile.COLLECTION).aggregate(
        [
            {"$match": {"batches": {"$in": ids}, "here": True}},
            {"$limit": MAX_VERSIONS + 1},
            {"$project": {"batches": 1, "uploadDate": 1}},
            {"$unwind": "$batches"},
            {"$sort": {"uploadDate": 1, "_id": 1}},
            {"$group": {"_id": "$batches", "files": {"$push": "$_id"}}},
            {"$unionWith": {"coll": Batch.COLLECTION, "pipeline": existing}},
        ],
        hint="batches_1_here_1_uploadDate_-1",
    )
    here, places = set(), {}
    for one in found:
        if "files" in one:
            places[one["_id"]] = one["files"]
        else:
            here.add(one["id"])
    many = sum(map(len, places.values())) > MAX_VERSIONS
    return Surroundings(here, {} if many else places)
