"""The page of the system: for the lead, in light and dark, on a phone, and when nobody answers."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Cookies, OpenPage
from tests.browser.watching import Watch


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_fits_and_says_how_everything_is(
    open_page: OpenPage, lead_cookies: Cookies, width: int, scheme: Any
) -> None:
    page = open_page(lead_cookies, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto("/sistema")
    expect(page.get_by_role("heading", name="Sistema", level=1)).to_be_visible()
    main = page.get_by_role("region", name="Base principal")
    expect(main).to_contain_text("Responde")
    expect(main).to_contain_text(re.compile("conjunto de réplicas|independiente"))
    expect(page.get_by_role("region", name="Sincronización")).to_contain_text("58 de 429")
    expect(page.get_by_text("Nadie sigue el almacén en vivo")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_lead_gets_there_by_keyboard(open_page: OpenPage, lead_cookies: Cookies) -> None:
    page = open_page(lead_cookies)
    page.goto("/dashboard")
    page.get_by_role("link", name="Sistema").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sistema$"))
    expect(page.get_by_role("link", name="Sistema")).to_have_attribute("aria-current", "page")


def test_nobody_else_is_offered_it(open_page: OpenPage, viewer_cookies: Cookies) -> None:
    page = open_page(viewer_cookies)
    page.goto("/dashboard")
    expect(page.get_by_role("link", name="Tablero").first).to_be_visible()
    expect(page.get_by_role("link", name="Sistema")).to_have_count(0)


def test_it_follows_and_says_when_nobody_answers(
    open_page: OpenPage, lead_cookies: Cookies, watch: Watch
) -> None:
    page = open_page(lead_cookies)
    page.clock.install()
    page.goto("/sistema")
    lost = page.get_by_text("no contestan")
    expect(lost).to_be_hidden()
    page.route("**/sistema/ahora", lambda route: route.fulfill(status=503, body="abajo"))
    watch.expect("503")
    page.clock.run_for(11_000)
    expect(lost).to_be_visible()
    page.unroute("**/sistema/ahora")
    page.evaluate("document.getElementById('state-title').textContent = 'viejo'")
    page.clock.run_for(11_000)
    expect(lost).to_be_hidden()
    expect(page.locator("#state-title")).not_to_have_text("viejo")
