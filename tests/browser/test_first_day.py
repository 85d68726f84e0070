"""The first day: logging in, what the dashboard shows, and the sync that it asks for."""

import re

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient

from tests.browser.board import choose, counter, expect_count, ids, open_dashboard
from tests.browser.conftest import Cookies, OpenPage
from tests.site import PASSWORD, USERNAME, Site

WIDTHS = (360, 1280)
PAGES = ("/dashboard", "/masks", "/team", "/metrics", "/login")
SIDEWAYS = "document.scrollingElement.scrollWidth - window.innerWidth"


@pytest.fixture
def unmarked(site: Site, mongo_client: "MongoClient[dict[str, object]]") -> None:
    """No batch carries a mark, as before the first sync."""
    empty = {"file_count": 0, "last_file_upload": None, "has_files": False, "files": []}
    database = mongo_client["segmentacion_db"]
    database["batches"].update_many({}, {"$set": {"mongo_uploaded": False, "file_info": empty}})
    database["app_state"].update_one({"_id": "version:batches"}, {"$inc": {"value": 1}})
    database["leases"].update_one({"_id": "sync_masks"}, {"$unset": {"state": ""}})


def test_logging_in_leads_to_the_429_batches(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("Usuario").fill(USERNAME)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    expect(page).to_have_url(re.compile("/dashboard$"))
    assert counter(page, "total") == 429


def test_a_wrong_password_is_said_and_the_name_stays(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/login")
    page.get_by_label("Usuario").fill(USERNAME)
    page.get_by_label("Contraseña").fill("otra")
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("alert")).to_contain_text("no son correctos")
    expect(page.get_by_label("Usuario")).to_have_value(USERNAME)


def test_logging_out_closes_the_door(site: Site, open_page: OpenPage) -> None:
    page = open_page()
    visitor = site.visitor()
    page.context.add_cookies(
        [{"name": c.name, "value": str(c.value), "url": site.url} for c in visitor.cookies]
    )
    page.goto("/team")
    page.get_by_label("Tu cuenta").click()
    page.locator(".account").get_by_role("button", name="Cerrar sesión").click()
    expect(page).to_have_url(re.compile("/login"))
    page.goto("/dashboard")
    expect(page).to_have_url(re.compile("/login"))


def test_opening_it_marks_58_without_touching_anything(unmarked: None, page: Page) -> None:
    page.goto("/dashboard?uploaded=true")
    expect(page.locator("#sync-strip")).to_contain_text("58 batches con máscaras, 58 cambios")
    expect_count(page, "58 de 429")
    assert (counter(page, "uploaded"), counter(page, "not_uploaded")) == (58, 371)
    expect(page.locator(".batches .uploaded")).to_have_count(50)


@pytest.mark.parametrize(
    ("key", "count", "rows"), [("uploaded", "58 de 429", 50), ("not_uploaded", "371 de 429", 0)]
)
def test_a_counter_and_its_filter_agree(page: Page, key: str, count: str, rows: int) -> None:
    open_dashboard(page)
    assert counter(page, key) == int(count.split(maxsplit=1)[0])
    page.locator(f"#counter-{key}").click()
    expect_count(page, count)
    expect(page.locator(f"#counter-{key}")).to_have_attribute("aria-current", "true")
    expect(page.locator(".batches .uploaded")).to_have_count(rows)


def test_the_answer_of_the_sync_is_shown(page: Page) -> None:
    open_dashboard(page)
    expect(page.locator("#sync-strip")).to_have_text(
        re.compile("Sincronizado: 58 batches con máscaras, 0 cambios")
    )


def test_the_chip_says_when_and_how_many(page: Page) -> None:
    open_dashboard(page)
    expect(page.locator(".sync-chip")).to_have_text(
        re.compile(r"Sincronizado\s+ahora\s+·\s+58\s+de\s+429")
    )


def test_the_files_of_a_batch_are_told_on_focus(page: Page) -> None:
    open_dashboard(page, "?uploaded=true")
    page.locator(".batches .uploaded").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("masks_batch_")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_overflows_sideways(
    open_page: OpenPage, lead_cookies: Cookies, path: str, width: int
) -> None:
    cookies = () if path == "/login" else lead_cookies
    page = open_page(cookies, viewport={"width": width, "height": 800})
    page.goto(path)
    page.evaluate("document.fonts.ready")
    assert page.evaluate(SIDEWAYS) <= 0


def test_on_a_phone_the_bar_below_leads_everywhere(
    open_page: OpenPage, lead_cookies: Cookies
) -> None:
    page = open_page(lead_cookies, viewport={"width": 360, "height": 740}, has_touch=True)
    open_dashboard(page)
    page.locator(".bottom").get_by_role("link", name="Equipo").click()
    expect(page).to_have_url(re.compile("/team$"))
    page.locator(".bottom summary").click()
    expect(page.locator(".bottom").get_by_role("button", name="Cerrar sesión")).to_be_visible()


def test_without_javascript_it_is_read_filtered_sorted_and_paged(
    open_page: OpenPage, lead_cookies: Cookies
) -> None:
    page = open_page(lead_cookies, java_script_enabled=False)
    page.goto("/dashboard")
    expect_count(page, "429 batches")
    choose(page, "Cargado a Mongo", "Sin cargar")
    page.locator("#filters > button").click()
    expect_count(page, "371 de 429")
    page.get_by_role("link", name="Batch", exact=True).click()
    page.get_by_role("link", name="Página siguiente").click()
    expect_count(page, "371 de 429")
    expect(page.locator(".pager")).to_contain_text("Página 2 de 8")
    assert ids(page) == sorted(ids(page), reverse=True)


@pytest.mark.parametrize("path", ["/masks", "/team"])
def test_without_javascript_the_other_pages_are_read(
    open_page: OpenPage, lead_cookies: Cookies, path: str
) -> None:
    page = open_page(lead_cookies, java_script_enabled=False)
    page.goto(path)
    expect(page.locator("main table").first).to_be_visible()
