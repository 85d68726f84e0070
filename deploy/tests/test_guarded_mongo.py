"""A server with accounts and TLS: the whole of the work under the account with the least rights."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.tests.servers import Certificates, GuardedMongo, fill_store
from tests.masks.archives import saved, tar
from tests.site import ROOT, Site, Visitor, environment, manage

PASSWORD = "clave-de-la-cuenta"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedMongo]:
    folder = tmp_path_factory.mktemp("guarded")
    server = GuardedMongo(folder, Certificates(folder))
    try:
        server.start()
        fill_store(MongoClient[Any](server.admin_uri)["QUALITY_IEMSA"])
        yield server
    finally:
        server.stop()


def make_account(server: GuardedMongo, *options: str, **env: str) -> str:
    command = [sys.executable, str(ROOT / "deploy/mongodb_accounts.py"), *options]
    done = subprocess.run(
        command, env={**environment(), "MONGO_ADMIN_URI": server.admin_uri, **env},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def uri(server: GuardedMongo) -> str:
    printed = make_account(server, ACCOUNT_PASSWORD=PASSWORD)
    assert "Cuenta segmentacion lista" in printed
    assert PASSWORD not in printed
    return server.uri("segmentacion", PASSWORD)


@pytest.fixture(scope="module")
def site(uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = {"MONGO_URI": uri, "SUPERVISE": "true", "BACKUP_DAILY": "false"}
    site = Site(tmp_path_factory.mktemp("site"), settings=settings)
    try:
        site.start()
        yield site
    finally:
        site.stop()


@pytest.fixture
def lead(site: Site) -> Visitor:
    return site.visitor()


def command(site: Site, *args: str) -> Any:
    done = manage(*args, "--json", env=site.env)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_account_may_not_touch_anything_else(uri: str) -> None:
    client = MongoClient[Any](uri)
    store = client["QUALITY_IEMSA"]
    for forbidden in (
        lambda: client["otra"]["cosa"].insert_one({}),
        lambda: store["otra"].insert_one({}),
        lambda: store["training_metrics.masks.files"].update_one({}, {"$set": {"filename": "x"}}),
        store["training_metrics.masks.files"].drop,
        lambda: client.admin.command("usersInfo", 1),
    ):
        with pytest.raises(OperationFailure, match="not authorized"):
            forbidden()


def test_without_tls_or_with_another_password_nothing_is_told(server: GuardedMongo) -> None:
    for settings in (
        {"MONGO_URI": f"mongodb://localhost:{server.port}/?directConnection=true"},
        {"MONGO_URI": server.uri("segmentacion", "otra-clave")},
    ):
        done = manage("sync_masks", env=environment(**settings))
        assert done.returncode == 1
        assert "Traceback" not in done.stderr


def test_the_first_day_runs(lead: Visitor) -> None:
    assert lead.send("POST", "/api/sync-batch-files", {}).json()["total_files_found"] == 125
    assert lead.get("/api/batches?uploaded=true").json()["total"] == 58


def test_work_is_handed_out_and_undone(lead: Visitor) -> None:
    asked = {"select": {"filter": {"assignee": ""}}, "set": {"assignee": "Flor"}}
    done = lead.send("POST", "/api/batches/bulk", asked).json()
    assert done["changed"] > 10
    undone = lead.send("POST", f"/api/undo/{done['operation']}", {}).json()
    assert undone["restored"] == done["changed"]


def test_figures_follow_what_changes(lead: Visitor, server: GuardedMongo) -> None:
    before = lead.get("/api/metrics/summary").json()["figures"]["assigned"]
    kept = MongoClient[Any](server.admin_uri)["segmentacion_db"]["metrics_cache"]
    head = kept.find_one({"_id": "sums"})
    assert head is not None
    assert head["position"]  # the account may open a change stream
    lead.send("POST", "/api/batches/bulk", {"select": {"ids": ["batch_000129F"]},
                                            "set": {"assignee": "Flor"}})  # fmt: skip
    assert lead.get("/api/metrics/summary").json()["figures"]["assigned"] == before + 1


def test_every_page_opens(lead: Visitor) -> None:
    pages = ("dashboard", "batch-management", "team", "mi-trabajo", "masks", "metrics", "historial",
             "data-management", "intake", "sistema", "papelera", "admin/")  # fmt: skip
    assert {page: lead.get(f"/{page}").status for page in pages} == dict.fromkeys(pages, 200)


def test_an_archive_is_uploaded_and_counts(lead: Visitor) -> None:
    from PIL import Image

    mask = Image.new("L", (32, 32), 0)
    mask.paste(255, (4, 4, 20, 20))
    body = tar([("m1.png", saved(mask, "PNG"))])
    batch = lead.get("/api/batches?uploaded=false&per_page=1").json()["batches"][0]["id"]
    path = f"/api/uploads/{batch}?filename=masks_{batch}.tar"
    token = next(c.value for c in lead.cookies if c.name == "csrftoken")
    answer = lead.request(
        "PUT", path, body, Content_Type="application/octet-stream", X_CSRFToken=str(token)
    )
    assert answer.status in (200, 201), answer.text
    assert lead.get(f"/api/batches/{batch}").json()["batch"]["mongo_uploaded"]


def test_a_backup_is_made_tried_and_restored(site: Site, lead: Visitor, tmp_path: Path) -> None:
    made = command(site, "backup", "--scheduled", "--to", str(tmp_path))
    assert made["note"] == ""
    (path,) = tmp_path.glob("backup_*.json")
    one = lead.get("/api/batches?per_page=1").json()["batches"][0]
    change = {"comments": "Después", "version": one["version"]}
    assert lead.send("PATCH", f"/api/batches/{one['id']}", change).status == 200
    command(site, "restore", str(path), "--yes")
    batch = lead.get(f"/api/batches/{one['id']}").json()["batch"]
    assert batch["comments"] == one["comments"]


def test_commands_work_and_the_report_on_the_store_is_whole(site: Site) -> None:
    assert command(site, "reconcile")["success"]
    assert command(site, "verify_masks", "--limit", "5")["success"]
    assert command(site, "sync_masks", "--full")["success"]


def test_the_account_that_only_reads_the_store_can_be_made_too(server: GuardedMongo) -> None:
    printed = make_account(server, "--user", "lectora", "--no-uploads", "--only", "store")
    password = printed.rsplit(": ", 1)[1].strip()
    store = MongoClient[Any](server.uri("lectora", password))["QUALITY_IEMSA"]
    assert store["training_metrics.masks.files"].count_documents({}) >= 125
    with pytest.raises(OperationFailure, match="not authorized"):
        store["training_metrics.masks.files"].insert_one({})
    make_account(server, "--user", "lectora", "--no-uploads", "--only", "store")


def test_a_server_that_is_not_there_is_said_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy/mongodb_accounts.py")],
        env={**environment(), "MONGO_ADMIN_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "❌ No se pudo" in done.stderr
    assert "Traceback" not in done.stderr
    assert os.environ["MONGO_URI"] not in done.stderr
