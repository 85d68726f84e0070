"""Backing everything up and restoring it, beside a bare cursor and a bare bulk insert."""

import tempfile
from pathlib import Path
from typing import Any

from batches.models import Batch
from benchmarks.timing import best, head, row
from exports.rules.restoring import Selection
from exports.services.backups import Dump, finish, write_backup
from exports.services.restoring import restore
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import main_collection, main_database

ACTOR = Actor("bench", Channel.COMMAND)
AT_ONCE = 1_000


def backups() -> None:
    """The stream, the checked file, and a restore into an empty and into a full database."""
    collection = main_collection(Batch.COLLECTION)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head("a backup / a bare cursor that writes the same bytes (bar: 1 / 0.60)")
        size = sum(len(piece) for piece in Dump())
        floor = best(lambda: bare_cursor(collection, folder / "floor", size))
        row("the stream, to a file", best(lambda: stream(folder / "ours")), floor, 1 / 0.60)
        row(
            "manage.py backup: fsync, read back",
            best(lambda: finish(write_backup(folder))),
            floor,
            None,
        )
        made = finish(write_backup(folder)).path
        head("a restore of everything / a bare bulk insert of the batches")
        documents = list(collection.find())
        floor = best(lambda: bare_insert(documents))
        indexed = best(lambda: bare_insert(documents, indexes=True))
        for label, before in (("into an empty database", empty), ("over what changed", touch)):
            ours = best(
                lambda: finish(restore(made, Selection(), actor=ACTOR, backups=folder)),
                before=before,
            )
            row(f"{label} / insert", ours, floor, 3)
            row(f"{label} / insert with the indexes", ours, indexed, None)


def stream(path: Path) -> None:
    with path.open("wb") as file:
        for piece in Dump():
            file.write(piece)


def bare_cursor(collection: Any, path: Path, size: int) -> None:
    """Read every batch, and write as many bytes as the backup has."""
    count = max(1, collection.estimated_document_count())
    piece = b"x" * (size // count)
    with path.open("wb") as file:
        for _ in collection.find():
            file.write(piece)


def bare_insert(documents: list[Any], *, indexes: bool = False) -> None:
    place = main_database()["bench_bare"]
    place.drop()
    if indexes:
        for index in Batch.INDEXES:
            place.create_index(list(index.keys))
    for start in range(0, len(documents), AT_ONCE):
        place.insert_many(documents[start : start + AT_ONCE], ordered=False)
    place.drop()


def empty() -> None:
    for name in ("batches", "segmentadores", "operations", "trash", "saved_views"):
        main_collection(name).delete_many({})


def touch() -> None:
    main_collection(Batch.COLLECTION).update_many({}, {"$inc": {"touched": 1}})
