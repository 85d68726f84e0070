"""What is measured."""

import os
from collections.abc import Callable, Collection
from typing import Any

from django.core.management import call_command

from batches import queries
from batches.models import Batch
from batches.presenting import as_json
from batches.queries.conditions import condition_of
from batches.queries.counters import recount
from batches.queries.pages import order_of
from batches.rules.filters import PageRequest, parse_page
from benchmarks.backups import backups
from benchmarks.changing import changing
from benchmarks.dataset import load
from benchmarks.exporting import exporting_all
from benchmarks.figures import figures
from benchmarks.intake import intake_all
from benchmarks.listing import listing_pages
from benchmarks.serving import serving
from benchmarks.syncing import syncing
from benchmarks.timing import best, head, row
from segmentacion.http.json import dumps
from segmentacion.mongo.clients import main_collection

PAGES: list[dict[str, str]] = [
    {},
    {"page": "100"},
    {"page": "1000"},
    {"page": "2000"},
    {"sort": "-updated_at"},
    {"sort": "-updated_at", "page": "1000"},
    {"sort": "due_date", "page": "300"},
    {"sort": "assignee", "page": "500"},
    {"sort": "-last_file_upload"},
    {"sort": "priority"},
    {"sort": "-priority", "page": "1500"},
    {"sort": "status", "page": "1000"},
    {"status": "In"},
    {"status": "In", "page": "300"},
    {"assignee": "Flor", "page": "100"},
    {"assignee": "Flor", "status": "S"},
    {"assignee": ""},
    {"uploaded": "false"},
    {"uploaded": "true", "page": "500"},
    {"overdue": "true"},
    {"priority": "alta", "sort": "-updated_at"},
    {"q": "0001"},
]


def run_all(*, batches: int, files: int, topics: Collection[str]) -> None:
    """Load the data set and print the table of each topic."""
    print(f"{batches:,} batches, {files:,} mask files", flush=True)
    call_command("migrate", verbosity=0)
    ids = load(batches, files)
    tables: dict[str, Callable[[], None]] = {
        "sync": lambda: syncing(ids),
        "pages": pages,
        "exports": exporting_all,
        "changing": lambda: changing(ids),
        "masks": lambda: listing_pages(ids, files),
        "backups": backups,
        "intake": intake_all,
        "figures": figures,
        "http": serving,
    }
    for topic, table in tables.items():
        if topic in topics:
            table()
            print(f"load average: {os.getloadavg()[0]:.1f}", flush=True)


def pages() -> None:
    """A page of 50 with its JSON, warm counts, against the raw find of the same page."""
    head("a page of 50, JSON included / raw find")
    for params in PAGES:
        request = parse_page({name: [value] for name, value in params.items()})
        serve(request)
        label = " ".join(f"{name}={value or '(nobody)'}" for name, value in params.items())
        ours = best(lambda r=request: serve(r), rounds=9)  # type: ignore[misc]
        row(label or "first page", ours, best(raw(request), rounds=9), 3)
    cursor = queries.page(PageRequest(page=1000)).next_cursor or ""
    keyset = best(lambda: serve(PageRequest(cursor=cursor)), rounds=9)
    row(
        "by cursor at page 1000 / the same by raw skip",
        keyset,
        best(raw(PageRequest(page=1001))),
        3,
    )
    queries.counters()
    warm = best(queries.counters, rounds=9)
    cold = best(recount)
    row("counters, warm / a recount (bar: 20 ms)", warm, cold, None)


def serve(request: PageRequest) -> bytes:
    """Do what `GET /api/batches` does between the request and the answer."""
    page = queries.page(request)
    return dumps({"batches": [as_json(document) for document in page.documents]})


def raw(request: PageRequest) -> Callable[[], Any]:
    """Return the bare indexed find of the same page."""
    collection = main_collection(Batch.COLLECTION)
    order = order_of(request)
    if request.sort in queries.pages.ENUMERATED:
        path = queries.pages.PATHS[request.sort]
        order = [(path, order[0][1]), *order]
    skip = (request.page - 1) * request.per_page
    condition = condition_of(request.filter)
    return lambda: list(
        collection.find(condition, {"history": 0}).sort(order).skip(skip).limit(request.per_page)
    )
