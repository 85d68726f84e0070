"""A served site and a real Chromium for these tests, gone when they end.

Package scope, not session: Playwright keeps an event loop running in this thread, in which
Django's ORM refuses to work for the tests that come after.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pymongo import MongoClient

from crew.rules import Role
from tests.browser.accounts import add_account
from tests.browser.watching import Watch
from tests.site import PASSWORD, Site, Visitor, manage

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SCREENSHOTS = os.environ.get("SCREENSHOTS")
PATIENCE_MS = 15_000

OpenPage = Callable[..., Page]
Cookies = list[Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The first day, served; the marks are in line with the store."""
    site = Site(tmp_path_factory.mktemp("browser"))
    site.start()
    site.visitor().send("POST", "/api/sync-batch-files", {})
    yield site
    site.stop()


@pytest.fixture(scope="package")
def mongo_client(site: Site) -> Iterator["MongoClient[dict[str, Any]]"]:
    """The site's own server, for what other programs would do there."""
    status = json.loads(manage("mongo", "status", "--json", env=site.env).stdout)
    with MongoClient[dict[str, Any]](status["uri"]) as client:
        yield client


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


def cookies_of(visitor: Visitor) -> Cookies:
    return [{"name": c.name, "value": c.value, "url": visitor.base} for c in visitor.cookies]


@pytest.fixture(scope="package")
def lead_cookies(site: Site) -> Cookies:
    return cookies_of(site.visitor())


@pytest.fixture(scope="package")
def viewer_cookies(site: Site) -> Cookies:
    """The session of an account that only reads (group Lectura)."""
    add_account(site, "lectora", Role.VIEWER)
    visitor = Visitor(site.url)
    visitor.login("lectora", PASSWORD)
    return cookies_of(visitor)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What goes wrong on the pages of a test; what it did not expect fails it."""
    watch = Watch()
    yield watch
    assert watch.problems() == []


@pytest.fixture
def open_page(
    browser: Browser, site: Site, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[OpenPage]:
    """A maker of watched pages, each in its own context; strangers unless given cookies."""
    contexts: list[BrowserContext] = []

    def open_one(cookies: Cookies = (), **options: Any) -> Page:  # type: ignore[assignment]
        given = {"base_url": site.url, "locale": "es-MX", "service_workers": "block"} | options
        context = browser.new_context(**given)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies(list(cookies))
        contexts.append(context)
        page = context.new_page()
        watch.follow(page)
        return page

    yield open_one
    for number, context in enumerate(contexts):
        _photograph(context.pages[0], f"{request.node.name}-{number}")
        context.close()


@pytest.fixture
def page(open_page: OpenPage, lead_cookies: Cookies) -> Page:
    """A page of the lead."""
    return open_page(lead_cookies)


def _photograph(page: Page, name: str) -> None:
    if SCREENSHOTS:
        safe = "".join(letter if letter.isalnum() else "-" for letter in name)
        page.screenshot(path=Path(SCREENSHOTS) / f"{safe}.png")
