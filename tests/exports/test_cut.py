"""A database that goes away in the middle: the reader can tell that the file is not whole."""

import csv
import http.client
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from pymongo import MongoClient

from tests.factories import batch_document
from tests.site import Site, manage

pytestmark = pytest.mark.faults
MANY = 12_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a site with so much in it that no buffer between here and there holds it all."""
    site = Site(tmp_path_factory.mktemp("cut"), demo=False, workers=1)
    site.start()
    state = json.loads((site.folder / "state" / "mongo" / "state.json").read_text("utf-8"))
    with MongoClient(f"mongodb://127.0.0.1:{state['port']}/?directConnection=true") as client:
        now = datetime.now(UTC)
        client["segmentacion_db"]["batches"].insert_many(
            batch_document(f"batch_{n:06d}F", comments="á" * 2_000, updated_at=now)
            for n in range(MANY)
        )
    yield site
    site.stop()


def begin(site: Site, kind: str) -> http.client.HTTPResponse:
    """Ask for an export and read its beginning only."""
    token = manage("create_token", "admin", env=site.env).stdout.strip()
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=120)
    path = f"/api/export/batches?format={kind}"
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert len(answer.read(10_000)) == 10_000
    return answer


def test_an_undisturbed_export_is_whole(site: Site) -> None:
    text = site.visitor().get("/api/export/batches").body.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == MANY + 1


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_mongod_killed_in_the_middle_cuts_the_connection(site: Site, kind: str) -> None:
    answer = begin(site, kind)
    victim: psutil.Process = site.mongod()
    victim.kill()
    victim.wait(30)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    site.wait_until_up()


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
