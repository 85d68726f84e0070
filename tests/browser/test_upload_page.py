"""Uploading an archive in the browser, seeing it on its batch, and looking at its masks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient
from pymongo.database import Database

from crew.rules import Role
from tests.browser.accounts import add_account
from tests.browser.conftest import Cookies, OpenPage, cookies_of
from tests.browser.restoring import put_back
from tests.browser.watching import Watch
from tests.masks.archives import FORMATS, masks
from tests.site import PASSWORD, Site, Visitor

ID = "batch_T000168"
Documents = dict[str, Any]


@pytest.fixture
def database(mongo_client: "MongoClient[Documents]") -> Iterator[Database[Documents]]:
    """Flor works on a batch without files; afterwards all is as on the first day."""
    database = mongo_client["segmentacion_db"]
    kept = [database[name] for name in ("batches", "segmentadores", "mask_files")]
    kept += [mongo_client["QUALITY_IEMSA"]["training_metrics.masks.files"]]
    before = [(collection, list(collection.find())) for collection in kept]
    work = {"assignee": "Flor", "status": "In", "mongo_uploaded": False}
    found = database["batches"].find_one_and_update({"id": ID}, {"$set": work})
    assert found is not None
    assert not found["mongo_uploaded"]
    database["segmentadores"].update_one({"name": "Flor"}, {"$set": {"login": "florsube"}})
    changed(database)
    yield database
    for collection, documents in before:
        put_back(collection, documents)
    database["mask_uploads"].delete_many({})
    mongo_client["QUALITY_IEMSA"]["training_metrics.masks.chunks"].delete_many({})
    changed(database)


def changed(database: Database[Documents]) -> None:
    """Raise the data version, as every write of the product does."""
    for name in ("batches", "crew"):
        database["app_state"].update_one({"_id": f"version:{name}"}, {"$inc": {"value": 1}})


@pytest.fixture(scope="package")
def uploader_cookies(site: Site) -> Cookies:
    add_account(site, "florsube", Role.SEGMENTER)
    visitor = Visitor(site.url)
    visitor.login("florsube", PASSWORD)
    return cookies_of(visitor)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / f"masks_{ID}.tar.xz"
    path.write_bytes(FORMATS[".tar.xz"](masks(6)))
    return path


def slowly(page: Page) -> None:
    """Make sending slow enough to be seen."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4_000},
    )


def test_an_archive_is_uploaded_marked_looked_at_and_finished(
    database: Database[Documents], open_page: OpenPage, uploader_cookies: Cookies, archive: Path
) -> None:
    page = open_page(uploader_cookies)
    page.goto("/mi-trabajo")
    page.get_by_role("link", name=f"Subir máscaras {ID}").click()
    expect(page.get_by_role("button", name="Marcar como segmentado")).to_have_count(0)
    slowly(page)
    page.locator("#upload-file").set_input_files(archive)
    expect(page.locator('[data-part="state"]')).to_have_text(re.compile(r" de .* MB · \d+ %"))
    expect(page.locator('[data-part="result"]')).to_contain_text("Hecho.")
    expect(page.locator("#upload-mark")).to_contain_text("✅")
    expect(page.locator(".version")).to_have_count(1)
    expect(page.locator(".version")).to_contain_text("vigente")
    expect(page.locator(".version")).to_contain_text("completo")

    page.get_by_role("button", name="Ver máscaras").click()
    expect(page.locator("#sheet-body li")).to_have_count(6)
    shown = "document.querySelector('.sheet').naturalWidth > 0"
    page.wait_for_function(shown)
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Marcar como segmentado").click()
    expect(page.locator("#toasts")).to_contain_text("segmentado")
    page.goto(f"/dashboard?q={ID}")
    expect(page.locator("tr", has_text=ID)).to_contain_text("✅")
    batch = database["batches"].find_one({"id": ID})
    assert batch is not None
    assert (batch["status"], batch["mongo_uploaded"]) == ("S", True)


def test_what_is_wrong_is_said_and_nothing_is_kept(
    database: Database[Documents],
    open_page: OpenPage,
    uploader_cookies: Cookies,
    archive: Path,
    watch: Watch,
) -> None:
    watch.expect("400 \\(Bad Request\\)")
    page = open_page(uploader_cookies)
    page.goto(f"/subir/{ID}")
    wrong = archive.rename(archive.with_name("masks_batch_000001F.tar.xz"))
    page.locator("#upload-file").set_input_files(wrong)
    result = page.locator('[data-part="result"]')
    expect(result).to_contain_text("batch_000001F")
    cut = wrong.with_name("x.tar.xz")
    cut.write_bytes(wrong.read_bytes()[:-60])
    page.locator("#upload-file").set_input_files(cut)
    expect(result).to_contain_text("incompleto")
    expect(page.locator(".version")).to_have_count(0)


def test_the_batchs_page_lists_its_files_with_the_store_away_or_not(
    database: Database[Documents], page: Page
) -> None:
    page.goto("/batch/batch_000129F")
    expect(page.locator(".version").first).to_contain_text("vigente")
    page.get_by_role("button", name="Ver máscaras").first.click()
    expect(page.locator("#sheet-body")).to_contain_text("No se pueden mostrar las máscaras")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_a_phone(
    database: Database[Documents], open_page: OpenPage, uploader_cookies: Cookies, theme: str
) -> None:
    page = open_page(uploader_cookies, viewport={"width": 360, "height": 740}, color_scheme=theme)
    for path in ("/mi-trabajo", f"/batch/{ID}", f"/subir/{ID}"):
        page.goto(path)
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 360, (path, width)
