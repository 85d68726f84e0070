"""What a person sees when something is not there or does not answer."""

import re
import time
from collections.abc import Iterator

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accounts import add_account
from tests.browser.board import expect_count, open_dashboard
from tests.browser.conftest import OpenPage, cookies_of
from tests.browser.watching import Watch
from tests.site import PASSWORD, Site, Visitor

SECONDS_TO_SAY_IT = 6


@pytest.fixture
def frozen(site: Site) -> Iterator[psutil.Process]:
    """The site's mongod does not answer, and is not dead: its guard leaves it alone."""
    mongod = site.mongod()
    mongod.suspend()
    yield mongod
    mongod.resume()
    site.wait_until_up()


def test_a_page_that_does_not_exist_is_said_and_leads_back(page: Page, watch: Watch) -> None:
    watch.expect("status of 404")
    page.goto("/no-existe")
    expect(page.get_by_role("heading", level=1)).to_have_text("Esta página no existe")
    page.get_by_role("link", name="Ir al tablero").click()
    expect(page).to_have_url(re.compile("/dashboard$"))
    expect(page.locator("#sync-strip")).to_have_attribute("data-kind", "done")


def test_an_account_without_a_role_is_told_whom_to_ask(
    site: Site, open_page: OpenPage, watch: Watch
) -> None:
    watch.expect("status of 403")
    add_account(site, "nueva")
    visitor = Visitor(site.url)
    visitor.login("nueva", PASSWORD)
    page = open_page(cookies_of(visitor))
    page.goto("/dashboard")
    expect(page.get_by_role("heading", level=1)).to_have_text("No puedes entrar aquí")
    expect(page.locator("main")).to_contain_text("Tu cuenta no tiene permiso")
    page.get_by_role("button", name="Entrar con otra cuenta").click()
    expect(page.get_by_role("button", name="Entrar", exact=True)).to_be_visible()


def test_a_database_that_does_not_answer_is_said_soon_and_the_page_comes_back_by_itself(
    page: Page, watch: Watch, frozen: psutil.Process
) -> None:
    watch.expect("status of 503")
    began = time.monotonic()
    page.goto("/dashboard")
    assert time.monotonic() - began < SECONDS_TO_SAY_IT
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("La base de datos no responde")
    frozen.resume()
    expect(heading).to_have_text("Tablero")
    expect_count(page, "429 batches")
    expect(page.locator("#sync-strip")).to_have_attribute("data-kind", "done")


def test_a_list_that_does_not_come_stays_as_it_was_and_says_so(
    page: Page, watch: Watch, site: Site
) -> None:
    watch.expect("status of 503|Response Status Error Code 503")
    open_dashboard(page)
    mongod = site.mongod()
    mongod.suspend()
    try:
        page.locator("#counter-uploaded").click()
        expect(page.locator("#toasts")).to_contain_text("La base de datos no responde")
        expect_count(page, "429 batches")
    finally:
        mongod.resume()
        site.wait_until_up()


def test_a_server_that_is_away_is_said_and_nothing_is_lost(page: Page, watch: Watch) -> None:
    watch.expect("ERR_INTERNET_DISCONNECTED|^error: htmx:")
    open_dashboard(page)
    page.context.set_offline(True)
    page.locator("#counter-uploaded").click()
    expect(page.locator("#toasts")).to_contain_text("No hay conexión con el servidor")
    page.context.set_offline(False)
    page.locator("#counter-uploaded").click()
    expect_count(page, "58 de 429")


def test_a_session_that_ended_leads_to_the_login_and_back(
    site: Site, open_page: OpenPage, watch: Watch
) -> None:
    watch.expect("status of 401|Response Status Error Code 401")
    page = open_page(cookies_of(site.visitor()))
    open_dashboard(page)
    page.context.clear_cookies()
    page.locator("#counter-uploaded").click()
    expect(page).to_have_url(re.compile("/login"))
