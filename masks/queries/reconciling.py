"""Comparing batches with the catalogue: one pass over each, merged in order of id.

Memory stays flat whatever there is: the server groups files by batch, both sides are streamed.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from batches import queries as batch_queries
from batches.models import Batch
from batches.queries import board
from batches.queries.counters import recount
from batches.rules.filters import BatchFilter
from batches.rules.states import Status
from batches.rules.verdicts import VerdictKind
from crew.work import Load
from masks.models import CatalogueFile
from masks.queries.unknown import STREAM, stream_batches_of_files
from masks.rules.reconciling import MAX_NAMES, Finding
from segmentacion.mongo.clients import Document, main_collection

MERGED = (
    "marked_without_file", "file_without_mark", "file_without_batch",
    "segmented_without_whole", "untouched_with_file", "verdict_differs",
)  # fmt: skip
NEWEST = {
    "$top": {
        "sortBy": {"uploadDate": -1, "_id": -1},
        "output": {"key": "$_id", "kind": "$verdict.kind"},
    }
}
WHOLE = {"$max": {"$eq": ["$verdict.kind", str(VerdictKind.WHOLE)]}}
LOOKS = 3
SHOWN = {"_id": 0, "id": 1, "status": 1, "mongo_uploaded": 1, "mask_verdict.kind": 1}


def compare_batches(progress: Callable[[int], None]) -> list[Finding]:
    """Return what does not agree between batches and the files of the store."""
    found = {key: Finding(key) for key in MERGED}
    groups = stream_batches_of_files({"newest": NEWEST, "whole": WHOLE})
    group = next(groups, None)
    for number, (batch_id, batches) in enumerate(_batches()):
        while group is not None and group["_id"] < batch_id:
            found["file_without_batch"].add(group["_id"])
            group = next(groups, None)
        files = group if group is not None and group["_id"] == batch_id else None
        for batch in batches:
            _compare(found, batch, files)
        if files is not None:
            group = next(groups, None)
        if number % STREAM == 0:
            progress(number)
    while group is not None:
        found["file_without_batch"].add(group["_id"])
        group = next(groups, None)
    return list(found.values())


def _batches() -> Iterator[tuple[str, Iterator[Document]]]:
    """Yield the documents of each id, in order of id."""
    found = main_collection(Batch.COLLECTION).find({"id": {"$gt": ""}}, SHOWN)
    return groupby(found.sort("id", 1).batch_size(STREAM), key=lambda batch: batch["id"])


def _compare(found: dict[str, Finding], batch: Document, files: Document | None) -> None:
    batch_id, status = batch["id"], batch.get("status")
    marked = batch.get("mongo_uploaded") is True
    if marked and files is None:
        found["marked_without_file"].add(batch_id)
    if files is not None and not marked:
        found["file_without_mark"].add(batch_id)
    if status == Status.SEGMENTED and not (files and files["whole"]):
        found["segmented_without_whole"].add(batch_id)
    if status == Status.NOT_SEGMENTED and files is not None:
        found["untouched_with_file"].add(batch_id)
    verdict = batch.get("mask_verdict")
    shown = verdict.get("kind") if isinstance(verdict, dict) else None
    if shown != (files["newest"].get("kind") if files else None):
        found["verdict_differs"].add(batch_id)


def list_files(key: str, condition: Document) -> Finding:
    """Return how many files meet a condition, and the names of the newest."""
    files = main_collection(CatalogueFile.COLLECTION)
    count = files.count_documents(condition)
    named = files.find(condition, {"filename": 1}).sort([("uploadDate", -1), ("_id", -1)])
    names = [str(file.get("filename") or "") for file in named.limit(MAX_NAMES)] if count else []
    return Finding(key, count, names)


def compare_counters() -> Finding:
    """Return the counters and loads as they are kept that a recount does not confirm.

    Whoever writes between the two looks makes them differ for a moment: it is looked again.
    """
    finding = Finding("counters_differ")
    for _ in range(LOOKS):
        finding = Finding("counters_differ")
        _compare_counts(finding, "", vars(batch_queries.counters()), vars(recount()))
        kept, counted = board.loads(BatchFilter()), board.recount_loads()
        for name in sorted({*kept, *counted}):
            loads = [vars(some.get(name, Load())) for some in (kept, counted)]
            _compare_counts(finding, f"{name or 'Sin responsable'}, ", *loads)
        if not finding.count:
            break
    return finding


def _compare_counts(
    finding: Finding, of: str, kept: dict[str, int], counted: dict[str, int]
) -> None:
    for name, value in counted.items():
        if kept[name] != value:
            finding.add(f"{of}{name}: {kept[name]:,} y son {value:,}")


def known_files() -> int:
    """Return how many files of the store the catalogue knows, from an index."""
    files: Any = main_collection(CatalogueFile.COLLECTION)
    return int(files.count_documents({"here": True}))
