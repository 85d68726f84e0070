"""Verifying archives from the pages: a bar, the outcome, and a list that shows it."""

from collections.abc import Iterator
from typing import Any

import pytest
from gridfs import GridFSBucket
from playwright.sync_api import Page, expect
from pymongo import MongoClient

from tests.masks.archives import FORMATS, masks
from tests.site import Site

NAME = "masks_batch_T000082_verificar.tar.xz"


@pytest.fixture
def archive(site: Site, mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[Any]:
    """An archive in the store that was cut while it was made, known to the catalogue."""
    bucket = GridFSBucket(mongo_client["QUALITY_IEMSA"], bucket_name="training_metrics.masks")
    file_id = bucket.upload_from_stream(NAME, FORMATS[".tar.xz"](masks(3))[:-60])
    site.visitor().send("POST", "/api/sync-batch-files", {})
    yield file_id
    bucket.delete(file_id)
    main = mongo_client["segmentacion_db"]
    main["mask_verdicts"].delete_many({})
    main["mask_files"].update_many({}, {"$unset": {"verdict": 1}})
    main["batches"].update_many({}, {"$unset": {"mask_verdict": 1}})
    site.visitor().send("POST", "/api/sync-batch-files", {})


def test_one_file_is_verified_from_the_list(archive: Any, page: Page) -> None:
    page.goto("/masks?q=masks_batch_T000082_ver")
    page.locator(f'[data-verify="file"][data-file-id="{archive}"]').click()
    expect(page.locator(".toast")).to_contain_text(f"{NAME}: incompleto")
    expect(page.locator("#files")).to_contain_text("incompleto")


def test_the_outstanding_ones_are_verified_with_a_bar_and_can_be_left(
    archive: Any, page: Page
) -> None:
    page.goto("/masks")
    page.locator('[data-verify="outstanding"]').click()
    expect(page.locator(".verify progress")).to_be_visible()
    page.locator(".verify").get_by_role("button", name="Detener").click()
    expect(page.locator(".toast")).to_contain_text("verificado")
    expect(page.locator(".verify")).to_have_count(0)
