"""A database that goes away in the middle: the reader can tell that the file is not whole."""

import contextlib
import csv
import http.client
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from tests.factories import batch_document
from tests.site import Site, manage
from tests.waiting import until

pytestmark = pytest.mark.faults
MANY = 12_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a site with so much in it that no buffer between here and there holds it all."""
    site = Site(tmp_path_factory.mktemp("cut"), demo=False, workers=1)
    site.start()
    with client(site) as mongo:
        now = datetime.now(UTC)
        mongo["segmentacion_db"]["batches"].insert_many(
            batch_document(f"batch_{n:06d}F", comments="á" * 2_000, updated_at=now)
            for n in range(MANY)
        )
    yield site
    site.stop()


def client(site: Site) -> "MongoClient[Any]":
    state = json.loads((site.folder / "state" / "mongo" / "state.json").read_text("utf-8"))
    return MongoClient(f"mongodb://127.0.0.1:{state['port']}/?directConnection=true")


CSV, JSON, BACKUP = (
    "/api/export/batches?format=csv",
    "/api/export/batches?format=json",
    "/api/backup/database",
)


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    return manage("create_token", "admin", env=site.env).stdout.strip()


def begin(site: Site, path: str, token: str) -> http.client.HTTPResponse:
    """Ask for a file and read its beginning only."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=120)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert len(answer.read(10_000)) == 10_000
    return answer


def test_an_undisturbed_export_is_whole(site: Site) -> None:
    text = site.visitor().get("/api/export/batches").body.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == MANY + 1


@pytest.mark.parametrize("path", [CSV, JSON])
def test_mongod_killed_in_the_middle_cuts_the_connection(site: Site, token: str, path: str) -> None:
    answer = begin(site, path, token)
    kill_mongod(site)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    site.wait_until_up()


def test_a_backup_cut_by_mongod_is_refused_by_its_own_content(
    site: Site, token: str, tmp_path: Path
) -> None:
    answer = begin(site, BACKUP, token)
    file = tmp_path / "bajado.json"
    kill_mongod(site)
    file.write_bytes(received(answer))
    site.wait_until_up()
    plan = manage("restore", str(file), "--dry-run", env=site.env)
    assert plan.returncode == 1
    assert "está" in plan.stderr
    assert "bajado.json" in plan.stderr


@pytest.mark.parametrize("path", [CSV, BACKUP])
def test_a_client_that_leaves_in_the_middle_leaves_no_cursor_open(
    site: Site, token: str, path: str
) -> None:
    with client(site) as mongo:
        for _ in range(3):
            answer = begin(site, path, token)
            # One that is being read is not idle.
            until(lambda: cursors_open(mongo) > 0, "the cursor rests")
            answer.close()
        until(lambda: cursors_open(mongo) == 0, "no cursor is open")


def received(answer: http.client.HTTPResponse) -> bytes:
    """Return what arrives of an answer, as a client that does not mind keeps it."""
    pieces = []
    with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
        while piece := answer.read1(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


def cursors_open(mongo: "MongoClient[Any]") -> int:
    """Return how many cursors over the batches are open."""
    everything = [{"$currentOp": {"idleCursors": True, "allUsers": True}}]
    found = mongo.admin.aggregate([*everything, {"$match": {"ns": "segmentacion_db.batches"}}])
    return sum(operation["type"] == "idleCursor" for operation in found)


def kill_mongod(site: Site) -> None:
    victim: psutil.Process = site.mongod()
    victim.kill()
    victim.wait(30)


def test_a_database_that_is_down_is_a_503_in_json(site: Site) -> None:
    visitor = site.visitor()
    site.mongod().suspend()
    try:
        down = visitor.get("/api/export/batches")
    finally:
        site.mongod().resume()
    assert down.status == 503
    assert down.json() == {"success": False, "error": "DB no disponible"}
    site.wait_until_up()


def test_the_command_exports_what_the_site_does(site: Site, tmp_path: Path) -> None:
    done = manage("export_assignments", "--to", str(tmp_path), "--json", env=site.env)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert Path(report["file"]).read_bytes().startswith("\ufeffSegmentador,Total".encode())
    assert len(list(tmp_path.iterdir())) == 1
