"""The list of mask files, its proposals and its reconciliation, at full size."""

import random
import resource
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bson import ObjectId

from benchmarks.dataset import START
from benchmarks.timing import best, head, in_turns, row
from masks.models import CatalogueFile
from masks.presenting.listing import listing_json, rows_of
from masks.queries import listing
from masks.queries.unknown import unknown_batches
from masks.rules.listing import FileRequest, parse_files
from masks.services.reconciling import reconcile
from segmentacion.http.json import dumps
from segmentacion.mongo import versions
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.indexes import ensure_declared

DEEP = 2_000
PAGES: list[dict[str, str]] = [
    {},
    {"sort": "date"},
    {"sort": "name"},
    {"sort": "-name"},
    {"verdict": "whole"},
    {"verdict": "corrupt"},
    {"verdict": "corrupt", "sort": "name"},
    {"who": "flor"},
    {"who": "flor", "verdict": "whole"},
    {"who": "flor", "sort": "name"},
    {"verdict": "none", "sort": "date"},
    {"batch": "none"},
    {"batch": "known"},
    {"batch": "unknown"},
    {"conflict": "true"},
    {"gone": "true"},
    {"q": "masks_batch_00"},
    {"from": "2025-10-02", "to": "2025-10-03"},
]


def listing_pages(ids: Sequence[str], files: int) -> None:
    """A page of `/masks` with its JSON against the bare find of the same page."""
    _fill(ids, files)
    head("/masks, a page of 50, JSON included / raw find")
    for params in PAGES:
        asked = parse_files({name: [value] for name, value in params.items()})
        label = " ".join(f"{name}={value}" for name, value in params.items()) or "first page"
        row(label, *in_turns(lambda a=asked: serve(a), raw(asked)), 3)  # type: ignore[misc]
    for sort in ("date", "-date", "name", "-name"):
        asked = parse_files({"sort": [sort], "cursor": [_deep_cursor(sort)]})
        label = f"sort={sort}, {DEEP:,} pages deep / its first page raw"
        row(label, *in_turns(lambda a=asked: serve(a), raw(asked)), 3)  # type: ignore[misc]
    told = parse_files({"versions": ["1"]})
    row("versions=1: which of its batch's", *in_turns(lambda: serve(told), raw(told)), None)
    unknown = best(lambda: unknown_batches(10_000))
    names = best(lambda: main_collection(CatalogueFile.COLLECTION).distinct("batches"))
    row("batches that are not here / distinct ids", unknown, names, None)
    before = _peak_mb()
    took = best(reconcile, rounds=1)
    row("reconciliation / distinct ids", took, names, None)
    print(f"  its memory: peak rose by {_peak_mb() - before:.0f} MB")


def serve(asked: FileRequest) -> bytes:
    """Do what `GET /api/masks` does between the request and the answer."""
    page = listing.page(asked)
    return dumps(listing_json(page, rows_of(page.documents, versions=asked.versions)))


def raw(asked: FileRequest) -> Callable[[], Any]:
    """Return the bare find of the same page."""
    files, condition = main_collection(CatalogueFile.COLLECTION), listing.condition_of(asked.filter)
    path = "filename" if asked.sort == "name" else "uploadDate"
    spec = [(path, -1 if asked.descending else 1)]
    return lambda: list(files.find(condition).sort(spec).limit(asked.per_page))


def _deep_cursor(sort: str) -> str:
    asked = parse_files({"sort": [sort]})
    page = listing.page(asked)
    for _ in range(DEEP):
        page = listing.page(replace(asked, cursor=page.next))
        if not page.next:
            break
    return page.previous


def _fill(ids: Sequence[str], files: int) -> None:
    """Make the catalogue anew, with verdicts, people, conflicts and files that went."""
    chance, collection = random.Random(7), main_collection(CatalogueFile.COLLECTION)
    collection.drop()
    ensure_declared(CatalogueFile)
    for start in range(0, files, 20_000):
        stretch = range(start, min(files, start + 20_000))
        collection.insert_many([_entry(n, chance.choice(ids), chance) for n in stretch])
    versions.bump("sync")


def _entry(number: int, batch_id: str, chance: random.Random) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "_id": ObjectId(),
        "filename": f"masks_{batch_id}.tar.xz" if number % 5_000 else f"suelto {number}.zip",
        "uploadDate": START + timedelta(seconds=number),
        "length": 15_728_640,
        "uploaded_by": chance.choice(["flor", "ceci", "maggie"]),
        "declared": None,
        "batches": [batch_id] if number % 5_000 else [],
        "conflict": number % 10_000 == 1,
        "here": number % 100 != 2,
        "seen_at": START,
    }
    if number % 3:
        kind = "whole" if number % 3_001 else "corrupt"
        entry["verdict"] = {
            "kind": kind, "reason": "", "masks": 3, "checked_at": START, "length": 15_728_640,
        }  # fmt: skip
    return entry


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
