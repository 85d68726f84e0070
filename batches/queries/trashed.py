"""Batches that lie in the trash."""

from collections.abc import Sequence
from dataclasses import dataclass

from segmentacion.mongo import trash
from segmentacion.mongo.clients import Document, main_collection

PER_PAGE = 50
# What a list of the trash shows; the whole document stays in the database.
LISTED = {
    "key": 1, "reason": 1, "at": 1, "who": 1, "operation": 1,
    "document.status": 1, "document.assignee": 1,
}  # fmt: skip


@dataclass(frozen=True)
class TrashPage:
    """Entries of one page, newest first, and how many there are in all."""

    entries: list[Document]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def page(number: int) -> TrashPage:
    """Return a page of the trash's batches, from 1; past the end, the last."""
    collection = main_collection(trash.COLLECTION)
    total = collection.count_documents({"kind": "batch"})
    number = min(max(number, 1), max(1, -(-total // PER_PAGE)))
    found = collection.find({"kind": "batch"}, LISTED).sort([("at", -1), ("_id", 1)])
    return TrashPage(list(found.skip((number - 1) * PER_PAGE).limit(PER_PAGE)), total, number)


def entries_with(keys: Sequence[str]) -> list[Document]:
    """Return whole entries by their own `_id`."""
    return trash.of_kind("batch", _id={"$in": list(keys)})


def newest_in_trash(batch_id: str) -> Document | None:
    """Return the newest entry of the trash with this id, its document included, or None."""
    entries = trash.of_kind("batch", key=batch_id)
    return entries[0] if entries else None
