"""Exports of everything, beside a bare cursor that writes the same bytes; and their memory."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from batches.models import Batch
from batches.presenting import as_json
from batches.queries.pages import LISTED
from benchmarks.timing import best, head, row
from exports.queries.batches import BATCH_SIZE, SHOWN
from exports.rules.asking import Asked, Format
from exports.rules.sheets import BATCHES
from exports.services import exporting
from segmentacion.http.json import dumps
from segmentacion.mongo.clients import main_collection

BAR = 1 / 0.6  # sixty per cent of the floor's speed


def exporting_all() -> None:
    """Time CSV, JSON and the summary against their floors; measure what each holds at most."""
    head("export of everything / bare cursor writing the same bytes")
    for kind, floor in ((Format.CSV, bare_csv), (Format.JSON, bare_json)):
        assert sorted(export(kind).split(b"\n")) == sorted(b"".join(floor()).split(b"\n"))
        ours = best(lambda kind=kind: drain(whole(kind)))
        row(f"{kind} of all batches", ours, best(lambda floor=floor: drain(floor())), BAR)
    summary = best(lambda: drain(exporting.chunks(exporting.summary(Asked()))))
    row("summary of the team / bare ids and statuses", summary, best(lambda: drain(ids())), None)
    print("\nmost memory held at once (MB)")
    for kind in (Format.CSV, Format.JSON, Format.XLSX):
        print(f"  {kind:<6} {held(kind):>8.1f}", flush=True)


def whole(kind: Format) -> Iterator[bytes]:
    return exporting.chunks(exporting.batches(Asked(format=kind)))


def export(kind: Format) -> bytes:
    return b"".join(whole(kind))


def drain(chunks: Iterator[Any]) -> None:
    for _ in chunks:
        pass


def documents(fields: dict[str, int]) -> Any:
    """The cursor alone: the same documents in the same order."""
    collection = main_collection(Batch.COLLECTION)
    return collection.find({}, fields, batch_size=BATCH_SIZE).sort("id", 1)


def bare_csv() -> Iterator[bytes]:
    """What a script for this one data set would do: no check of a value, no quotes, no guard.

    Marks are as the topics before left them; nobody verified a mask or was assigned anything yet.
    """
    zone = timezone.get_current_timezone()
    lines = ["\ufeff" + ",".join(column.title for column in BATCHES.columns)]
    for d in documents(SHOWN):
        meta, due, info = d["metadata"], d["metadata"]["due_date"], d["file_info"]
        last = info["last_file_upload"]
        lines.append(
            f"{d['id']},{d['assignee'] or ''},{d['status']},{meta['priority']},"
            f"{meta['review_status']},{due.isoformat()[:10] if due else ''},"
            f"{'Sí' if d['mongo_uploaded'] else 'No'},{info['file_count']},"
            f"{last.astimezone(zone).isoformat(' ')[:19] if last else ''},,0,0,,"
            f"{d['updated_at'].astimezone(zone).isoformat(' ')[:19]},{d['comments']},{d['folder']}"
        )
        if len(lines) == 500:
            yield ("\r\n".join(lines) + "\r\n").encode()
            lines.clear()
    if lines:
        yield ("\r\n".join(lines) + "\r\n").encode()


def bare_json() -> Iterator[bytes]:
    yield b"["
    first = True
    for document in documents(LISTED):
        yield (b"\n" if first else b",\n") + dumps(as_json(document))
        first = False
    yield b"\n]\n"


def ids() -> Any:
    return documents({"_id": 0, "id": 1, "status": 1, "assignee": 1})


def held(kind: Format) -> float:
    """Return the most memory that Python held while exporting, in MB."""
    tracemalloc.start()
    if kind is Format.XLSX:
        exporting.spooled(exporting.batches(Asked(format=kind))).close()
    else:
        drain(whole(kind))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1_048_576
