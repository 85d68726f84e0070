"""An open dashboard follows what others do; downloads and doubtful marks, by mouse and keyboard."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect
from pymongo import MongoClient

from tests.site import ROOT, Site

BATCH = "batch_000001F"
VERDICT = {"kind": "corrupt", "reason": "cortado a la mitad", "filename": "m.tar.xz"}


def set_batch(client: "MongoClient[dict[str, Any]]", **values: Any) -> None:
    """Write as another process does, and raise the data version."""
    database = client["segmentacion_db"]
    database["batches"].update_one({"id": BATCH}, {"$set": values})
    database["app_state"].update_one({"_id": "version:batches"}, {"$inc": {"value": 1}})


def test_an_upload_shows_on_an_open_dashboard_without_reloading(
    page: Page, mongo_client: "MongoClient[dict[str, Any]]"
) -> None:
    page.goto("/dashboard")
    row = page.locator(f"#row-{BATCH}")
    expect(row).to_be_visible()
    page.evaluate("window.sameDocument = true")
    set_batch(mongo_client, mongo_uploaded=True, mask_verdict=VERDICT)
    try:
        mark = row.locator(".uploaded")
        expect(mark).to_contain_text("⚠️")
        expect(page.locator("#counter-doubtful")).to_contain_text("1")
        mark.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        expect(page.locator("#tooltip")).to_contain_text("cortado a la mitad")
        assert page.evaluate("window.sameDocument")
    finally:
        set_batch(mongo_client, mongo_uploaded=False, mask_verdict=None)
    expect(row.locator(".uploaded")).to_have_count(0)


def test_a_mask_that_another_program_uploads_shows_its_mark_without_reloading(
    page: Page, site: Site, mongo_client: "MongoClient[dict[str, Any]]"
) -> None:
    watcher = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "sync_masks", "--watch"],
        env=site.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert watcher.stdout is not None
        assert "Siguiendo el almacén" in watcher.stdout.readline()
        page.goto("/dashboard")
        row = page.locator("#row-batch_000003F")
        expect(row).to_be_visible()
        expect(row.locator(".uploaded")).to_have_count(0)
        page.evaluate("window.sameDocument = true")
        file = {"filename": "masks_batch_000003F.tar.xz", "uploadDate": datetime.now(UTC)}
        put = time.monotonic()
        files = mongo_client["QUALITY_IEMSA"]["training_metrics.masks.files"]
        key = files.insert_one(file).inserted_id
        expect(row.locator(".uploaded")).to_contain_text("✅")
        print(f"\nthe mark showed after {time.monotonic() - put:.1f} s")
        files.delete_one({"_id": key})
        expect(row.locator(".uploaded")).to_have_count(0)
        assert page.evaluate("window.sameDocument")
    finally:
        watcher.terminate()
        assert watcher.wait(60) == 0


def test_the_downloads_follow_the_person_and_the_backup_asks_first(page: Page) -> None:
    page.goto("/batch-management")
    page.locator("#downloads summary").click()
    page.locator("#download-person").select_option(label="Maggie")
    csv = page.locator("#downloads [data-download='']")
    expect(csv).to_have_attribute("href", "/api/export/segmentador/Maggie")
    opener = page.get_by_role("link", name="Respaldo DB")
    opener.click()
    expect(page.locator("#backup-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#backup-dialog")).to_be_hidden()
    expect(opener).to_be_focused()
