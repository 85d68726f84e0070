"""There and back with odd values, and files cut at any place. `SOAK=1` takes 100,000 and 200."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from django.conf import settings
from pymongo import MongoClient
from pymongo.database import Database

from exports.rules.backup import BadBackupError
from exports.services.restoring.resolving import LARGEST
from segmentacion.mongo.clients import main_collection, main_database
from tests.exports.backups import (
    SECTIONS,
    assert_batches_came_back,
    backup,
    everything,
    insert_raw,
    not_utf8,
    odd_values,
    put_back,
    repeated_field,
)
from tests.factories import batch_document
from tests.faults.writers import SOAK

MANY = 100_000 if SOAK else 400
CUTS = 200 if SOAK else 12


def odd_batches() -> list[dict[str, Any]]:
    """Return batches that have one odd value each, and now and then all of them."""
    odd = list(odd_values().items())
    documents = [batch_document(f"batch_{n:06d}F") for n in range(MANY)]
    for n, document in enumerate(documents):
        document["extra"] = dict(odd if n % 97 == 0 else [odd[n % len(odd)]])
        document["_id"] = [document["_id"], n, f"clave {n}", float(n) + 0.5][n % 4]
    return documents


@pytest.fixture
def patient(mongo: None) -> Iterator[Database[Any]]:
    """The main database over a client that waits as long as it takes; emptied with it, too."""
    with MongoClient[Any](settings.MONGO_URI) as client:
        database = client[main_database().name]
        yield database
        empty(database)


def empty(database: Database[Any]) -> None:
    for name in SECTIONS:
        database[name].delete_many({})


def test_everything_comes_back_however_odd_and_however_many(
    patient: Database[Any], tmp_path: Path
) -> None:
    patient["batches"].insert_many(odd_batches())
    insert_raw("trash", repeated_field(), not_utf8(), bson.encode({"_id": 3, **odd_values()}))
    before = everything()
    path = backup(tmp_path)
    empty(patient)
    report = put_back(path)
    after = everything()
    assert report.plan.sections["batches"].added == MANY
    assert after["trash"] == before["trash"]
    assert_batches_came_back(before["batches"], after["batches"])


def test_documents_of_almost_16_mb_come_back_with_the_event_where_there_is_room(
    mongo: None, tmp_path: Path
) -> None:
    for number, room in enumerate((4_000, 20)):
        document = batch_document(f"batch_{number}")
        spare = LARGEST - room - len(bson.encode({**document, "extra": ""}))
        main_collection("batches").insert_one({**document, "extra": "ñ" * (spare // 2)})
    before = everything()["batches"]
    path = backup(tmp_path)
    main_collection("batches").delete_many({})
    put_back(path)
    assert_batches_came_back(before, everything()["batches"])
    histories = main_collection("batches").find({}, {"history": 1}).sort("id")
    assert [len(batch["history"]) for batch in histories] == [1, 0]


def test_a_file_cut_at_any_place_changes_nothing(mongo: None, tmp_path: Path) -> None:
    main_collection("batches").insert_many(odd_batches()[:300])
    whole = backup(tmp_path).read_bytes()
    main_collection("batches").update_many({}, {"$set": {"comments": "después"}})
    before = everything()
    cut = tmp_path / "cortado.json"
    places = random.Random(7)
    for _ in range(CUTS):
        cut.write_bytes(whole[: places.randrange(len(whole) - 1)])
        with pytest.raises(BadBackupError, match=r"cortado\.json"):
            put_back(cut)
    assert everything() == before
