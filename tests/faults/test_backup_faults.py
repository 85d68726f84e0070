"""Backups that are cut off, on servers and with accounts that give less, on full disks."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gridfs
import pytest
from pymongo import MongoClient

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.faults.installation import Installation
from tests.site import environment, manage

pytestmark = pytest.mark.faults
COPYING = "exports.services.backups.copying"
FILES = 8


@pytest.fixture
def store(installation: Installation) -> Iterator[dict[str, bytes]]:
    """Mask files in the store, by id; of more than one chunk."""
    client: MongoClient[Any] = MongoClient(installation.server.ensure())
    bucket = gridfs.GridFSBucket(client["QUALITY_IEMSA"], "training_metrics.masks")
    contents = {}
    for number in range(FILES):
        content = hashlib.sha256(str(number).encode()).digest() * 20_000
        name = f"masks_batch_{number:06d}F.tar.xz"
        contents[str(bucket.upload_from_stream(name, content))] = content
    yield contents
    client.drop_database("QUALITY_IEMSA")


def copies(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (folder / "masks").iterdir() if "." not in p.name}


def copied(installation: Installation, folder: Path) -> dict[str, Any]:
    done = manage("backup", "--masks", "--to", str(folder), "--json", env=installation.env)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)["masks"]
    return report


def test_a_copy_of_the_masks_that_was_killed_goes_on_where_it_ended(
    installation: Installation, store: dict[str, bytes], tmp_path: Path
) -> None:
    args = ("backup", "--masks", "--to", str(tmp_path))
    assert installation.die_in(COPYING, "_copy", 4, *args) == -9
    assert len(copies(tmp_path)) == 3
    assert installation.die_in(COPYING, "_is_there", 2, *args) == -9  # killed again, early
    assert copied(installation, tmp_path) == {"copied": FILES - 3, "kept": 3, "failed": []}
    assert copies(tmp_path) == store
    left = sorted(p.name for p in (tmp_path / "masks").iterdir() if "." in p.name)
    assert left == ["manifest.jsonl"]
    damaged = tmp_path / "masks" / next(iter(store))
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    assert copied(installation, tmp_path) == {"copied": 1, "kept": FILES - 1, "failed": []}
    assert copies(tmp_path) == store


def test_a_disk_full_of_masks_leaves_no_half_copy(
    installation: Installation, store: dict[str, bytes], tmp_path: Path
) -> None:
    done = installation.on_a_disk_of(600_000, "backup", "--masks", "--to", str(tmp_path))
    assert done.returncode == 1
    assert "no queda espacio" in done.stderr
    assert copies(tmp_path) == {}
    assert not list((tmp_path / "masks").glob("*[0-9a-f].part"))
    assert copied(installation, tmp_path)["copied"] == FILES


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_disk_full_of_an_export_leaves_no_file(
    installation: Installation, tmp_path: Path, kind: str
) -> None:
    to = tmp_path / "to"
    to.mkdir()
    args = ("--format", kind, "--to", str(to), "--json")
    done = installation.on_a_disk_of(2_000, "export_assignments", *args)
    assert done.returncode == 1
    assert "no queda espacio" in json.loads(done.stdout)["error"]
    assert list(to.iterdir()) == []


def test_a_standalone_server_is_backed_up_and_restored(tmp_path: Path) -> None:
    server = EmbeddedMongo(tmp_path / "main", replica_set=False)
    env = environment(MONGO_URI=server.ensure(), STATE_DIRECTORY=str(tmp_path / "state"))
    try:
        assert manage("migrate", "-v", "0", env=env).returncode == 0
        batches = MongoClient(server.ensure())["segmentacion_db"]["batches"]
        batches.insert_many({"id": f"batch_{n:06d}F", "history": []} for n in range(50))
        made = manage("backup", "--scheduled", "--json", env=env)
        assert made.returncode == 0, made.stderr
        report = json.loads(made.stdout)
        assert (report["consistent"], report["counts"]["batches"]) == (False, 50)
        batches.delete_many({})
        back = manage("restore", report["file"], "--yes", env=env)
        assert back.returncode == 0, back.stderr
        assert batches.count_documents({}) == 50
    finally:
        server.release()
