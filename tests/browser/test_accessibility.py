"""Every page in light and dark: axe finds nothing serious, nothing goes off a phone's side, and
what a page loads stays small."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve, reverse
from playwright.sync_api import Browser, BrowserContext, Page, Response

from tests.browser.conftest import PATIENCE_MS, Cookies
from tests.browser.weighing import LIMIT, assert_light, parts_of
from tests.site import Site

PAGES = (
    "/dashboard", "/dashboard?status=In&q=batch_0001", "/batch-management", "/batch/batch_000129F",
    "/mi-trabajo", "/team", "/masks", "/masks/conciliacion", "/subir/batch_000129F", "/metrics",
    "/historial", "/historial/accesos", "/papelera", "/data-management",
    "/data-management/correo", "/data-management/cargas", "/intake", "/sistema", "/cuenta",
    "/cuenta/tokens", "/no-existe",
)  # fmt: skip
STRANGERS_PAGES = ("/login", "/cuenta/recuperar")
# Weighed in test_data_page, where there is something to show.
AFTER_AN_ACT = {"backup", "data_import", "data_job", "operation"}
# The same small form as /cuenta/recuperar, by mail.
FURTHER_STEPS = {"password_reset_done", "password_reset_complete", "password_reset_confirm"}
# Pieces of pages, pictures, files, and text for programs.
NO_PAGES = {
    "dashboard_version", "dashboard_views", "dashboard_row", "board_column", "board_version",
    "sync_state", "mask_versions", "mask_preview", "mask_sheet", "mask_file", "intake_version",
    "intake_preview", "intake_mask", "system_now", "prometheus", "backup_download",
}  # fmt: skip
THEMES = ("light", "dark")
NOT_ALLOWED = 405
SERIOUS = {"serious", "critical"}
SIDEWAYS = "document.scrollingElement.scrollWidth - window.innerWidth"
# What comes in pieces after the page: it is looked at when it is there.
QUIET = "networkidle"


@pytest.fixture(scope="module", params=THEMES)
def context(
    request: pytest.FixtureRequest, browser: Browser, site: Site, lead_cookies: Cookies
) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=site.url, locale="es-MX", color_scheme=request.param, reduced_motion="reduce",
        viewport={"width": 1280, "height": 900}, service_workers="block",
    )  # fmt: skip
    context.set_default_timeout(2 * PATIENCE_MS)
    context.add_cookies(lead_cookies)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def serious(page: Page) -> list[str]:
    """Return what axe calls serious or worse, with the places."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{violation['id']}: {violation['help']} → {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"][:3]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious_it_is_light_and_a_phone_shows_all_of_it(
    page: Page, path: str
) -> None:
    page.goto(path, wait_until=QUIET)
    assert_light(page)
    assert serious(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(SIDEWAYS) <= 0
    assert serious(page) == []


@pytest.mark.parametrize("path", STRANGERS_PAGES)
def test_the_pages_of_strangers_have_nothing_serious_either(
    context: BrowserContext, path: str, lead_cookies: Cookies
) -> None:
    context.clear_cookies()
    page = context.new_page()
    try:
        page.goto(path, wait_until=QUIET)
        assert_light(page)
        assert serious(page) == []
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate(SIDEWAYS) <= 0
    finally:
        page.close()
        context.add_cookies(lead_cookies)


def test_what_a_page_weighs_is_what_a_first_visit_loads(
    browser: Browser, site: Site, lead_cookies: Cookies
) -> None:
    """The browser's own account of the dashboard, the heaviest, against what came over the wire."""
    context = browser.new_context(base_url=site.url, service_workers="block")
    context.add_cookies(lead_cookies)
    page = context.new_page()
    loaded: list[Response] = []

    def note(response: Response) -> None:
        loaded.append(response)

    page.on("response", note)
    try:
        page.goto("/dashboard", wait_until=QUIET)
        sizes = {
            response.url: response.request.sizes()["responseBodySize"]
            for response in loaded
            if response.request.resource_type != "image"
        }
        parts = parts_of(page)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    finally:
        context.close()
    print(f"\n{sum(sizes.values()) / 1000:.0f} KB, first paint after {paint:.0f} ms")
    assert sum(sizes.values()) < LIMIT, sizes
    assert sum(parts.values()) == pytest.approx(sum(sizes.values()), rel=0.01)


def test_no_page_is_left_out(site: Site) -> None:
    lead, there = site.visitor(), set()
    for app in ("crew", "batches", "masks", "exports"):
        for one in import_module(f"{app}.urls").urlpatterns:
            path = reverse(one.name, kwargs=dict.fromkeys(one.pattern.converters, "x"))
            if lead.get(path).status != NOT_ALLOWED:  # not only a place to send a form to
                there.add(one.name)
    paths = [urlsplit(path).path for path in (*PAGES, *STRANGERS_PAGES) if path != "/no-existe"]
    looked_at = {resolve(path).url_name for path in paths}
    assert looked_at | AFTER_AN_ACT | FURTHER_STEPS | NO_PAGES == there


def test_on_paper_there_is_no_navigation(page: Page) -> None:
    page.goto("/metrics", wait_until=QUIET)
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name=re.compile("Principal", re.I)).is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
