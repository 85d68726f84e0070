"""A backup whose disk is full: said clearly, nothing that looks good, the older ones untouched."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exports.services.backups import finish
from exports.services.backups.files import check_file
from tests.faults.installation import Installation
from tests.site import manage

pytestmark = pytest.mark.faults
FULL = 20_000
YEARS = range(2000, 2015)
# Asks for a backup as a program of each kind would, and prints status and body.
DOWNLOAD = """
import json
from django.contrib.auth.models import User
from django.test import Client
client = Client(raise_request_exception=False, headers={"host": "localhost"})
client.force_login(User.objects.create_superuser("jefa"))
for protocol in ("HTTP/1.0", "HTTP/1.1"):
    answer = client.get("/api/backup/database", SERVER_PROTOCOL=protocol)
    print(json.dumps([answer.status_code, answer.getvalue().decode()]))
"""


@pytest.fixture
def older(installation: Installation, tmp_path: Path) -> Iterator[dict[Path, bytes]]:
    """Good automatic backups of 15 years, of which the next good one removes some."""
    before = installation.database.backups.distinct("_id")
    folder = tmp_path / "respaldos"
    folder.mkdir()
    for year in YEARS:
        file = folder / f"backup_segmentacion_db_{year}0105_120000.json"
        shutil.copy(installation.backup, file)
        record = {"file": str(file), "kind": "scheduled", "verdict": "good"}
        moment = datetime(year, 1, 5, 12, tzinfo=UTC)
        installation.database.backups.insert_one({"_id": str(file), "created_at": moment, **record})
    yield contents(folder)
    installation.database.backups.delete_many({"_id": {"$nin": before}})


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.iterdir()}


def newest(installation: Installation) -> Any:
    return installation.database.backups.find_one(sort=[("created_at", -1)])


def test_a_backup_whose_disk_is_full_at_its_end_fails_clearly_and_leaves_the_older_ones(
    installation: Installation, older: dict[Path, bytes]
) -> None:
    folder = next(iter(older)).parent
    room = Path(installation.backup).stat().st_size - 2_000
    done = installation.on_a_disk_of(room, "backup", "--json", "--to", str(folder))
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["success"], "no queda espacio" in report["error"]) == (False, True)
    assert contents(folder) == older
    record = newest(installation)
    assert (record["verdict"], record["file"]) == ("failed", "")
    assert "no queda espacio" in record["error"]


def test_an_automatic_one_on_a_full_disk_removes_none_of_the_older_ones(
    installation: Installation, older: dict[Path, bytes]
) -> None:
    folder = next(iter(older)).parent
    args = ("backup", "--scheduled", "--json", "--to", str(folder))
    done = installation.on_a_disk_of(FULL, *args)
    assert done.returncode == 1
    assert "no queda espacio" in json.loads(done.stdout)["error"]
    assert contents(folder) == older
    assert newest(installation)["verdict"] == "failed"
    again = manage(*args, env=installation.env)  # there is space again
    assert again.returncode == 0, again.stderr
    gone = set(older) - set(folder.iterdir())
    assert gone == {Path(file) for file in json.loads(again.stdout)["removed"]} != set()


def test_a_download_needs_no_disk_or_says_that_it_is_full(
    installation: Installation, tmp_path: Path
) -> None:
    """HTTP/1.0 cannot tell a cut stream from a whole one: there the file is written first."""
    done = installation.on_a_disk_of(FULL, "shell", "-v", "0", "-c", DOWNLOAD)
    assert done.returncode == 0, done.stderr
    refused, whole = (json.loads(line) for line in done.stdout.splitlines())
    assert refused[0] == 503
    assert json.loads(refused[1])["success"] is False
    assert "No queda espacio" in json.loads(refused[1])["error"]
    file = tmp_path / "bajado.json"
    file.write_text(whole[1], encoding="utf-8")
    assert (whole[0], finish(check_file(file)).total >= 300) == (200, True)
