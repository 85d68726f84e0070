"""The own account and its tokens, the page of the log of accesses, and waiting at the login."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient

from crew.rules import Role
from tests.browser.accounts import add_account
from tests.browser.conftest import Cookies, OpenPage, cookies_of
from tests.browser.watching import Watch
from tests.site import PASSWORD, Site, Visitor

NARROW = {"width": 360, "height": 740}


@pytest.fixture(autouse=True)
def nothing_left(mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[None]:
    """Tokens and counts of wrong passwords are gone afterwards."""
    yield
    database = mongo_client["segmentacion_db"]
    for name in ("api_tokens", "login_attempts"):
        database[name].delete_many({})


def create(page: Page, name: str) -> str:
    """Make a token in the page and return it."""
    page.goto("/cuenta/tokens")
    page.get_by_label("Para qué es").fill(name)
    page.get_by_label("Qué puede").select_option(label="Solo leer")
    page.get_by_role("button", name="Crear token").click()
    expect(page.get_by_role("heading", name=f"Tu token «{name}»")).to_be_visible()
    return page.locator("#made-token").input_value()


def is_narrow_enough(page: Page) -> bool:
    wide = "document.documentElement.scrollWidth"
    return bool(page.evaluate(f"{wide} <= document.documentElement.clientWidth"))


def test_a_token_is_made_copied_used_and_revoked(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    token = create(page, "respaldo nocturno")
    page.get_by_role("button", name="Copiar").click()
    expect(page.get_by_text("Token copiado.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    bearer = {"Authorization": f"Bearer {token}"}
    assert Visitor(site.url).get("/api/batches?per_page=1", **bearer).status == 200

    page.goto("/cuenta/tokens")
    row = page.locator(".tokens tbody tr")
    expect(row).to_contain_text("respaldo nocturno")
    expect(row).to_contain_text("Solo leer")
    expect(page.locator("#made-token")).to_have_count(0)
    row.get_by_text("Revocar").first.click()
    row.get_by_role("button", name="Sí, revocar").click()
    expect(page.get_by_text("ya no sirve")).to_be_visible()
    expect(page.get_by_text("No tienes tokens")).to_be_visible()
    assert Visitor(site.url).get("/api/batches", **bearer).status == 401


def test_a_token_can_be_made_by_keyboard_alone_on_a_phone(
    open_page: OpenPage, lead_cookies: Cookies
) -> None:
    page = open_page(lead_cookies, viewport=NARROW)
    page.goto("/cuenta/tokens")
    page.get_by_label("Para qué es").focus()
    page.keyboard.type("tablas")
    page.keyboard.press("Enter")
    expect(page.locator("#made-token")).to_have_value(re.compile("^seg_"))
    for path in ("/cuenta/tokens", "/cuenta", "/historial/accesos"):
        page.goto(path)
        assert is_narrow_enough(page), path


def test_changing_the_password_ends_the_other_sessions(
    open_page: OpenPage, site: Site, watch: Watch
) -> None:
    add_account(site, "cambiante", Role.VIEWER)
    elsewhere, here = Visitor(site.url), Visitor(site.url)
    for visitor in (elsewhere, here):
        visitor.login("cambiante", PASSWORD)
    page = open_page(cookies_of(here))
    page.goto("/cuenta")
    watch.expect("status of 400")
    for old, said in (("equivocada", "Esa no es tu contraseña de ahora."), (PASSWORD, "cambiada")):
        page.get_by_label("Contraseña de ahora").fill(old)
        page.get_by_label("Contraseña nueva").fill("nada-parecida-7")
        page.get_by_label("Otra vez la nueva").fill("nada-parecida-7")
        page.get_by_role("button", name="Cambiar contraseña").click()
        expect(page.get_by_text(said).first).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Cambiar contraseña")).to_be_visible()
    assert elsewhere.get("/cuenta").url.endswith("/login?next=/cuenta")


def test_the_login_says_how_long_to_wait_and_the_lead_ends_it(
    open_page: OpenPage, page: Page, site: Site, watch: Watch
) -> None:
    add_account(site, "olvidadiza", Role.VIEWER)
    watch.expect("status of 429")
    stranger = open_page()
    for _ in range(6):
        stranger.goto("/login")
        stranger.get_by_label("Usuario").fill("olvidadiza")
        stranger.get_by_label("Contraseña", exact=True).fill("no-es")
        stranger.get_by_role("button", name="Entrar").click()
        stranger.get_by_role("alert").wait_for()
    expect(stranger.get_by_role("alert")).to_contain_text("Demasiados intentos. Espera")

    page.goto("/historial")
    page.get_by_role("link", name="Accesos").click()
    expect(page.locator("#ops").get_by_text("Entrada en pausa").first).to_be_visible()
    page.get_by_role("button", name="Desbloquear olvidadiza").click()
    expect(page.get_by_text("olvidadiza ya puede volver a intentar.")).to_be_visible()
    stranger.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    stranger.get_by_role("button", name="Entrar").click()
    stranger.wait_for_url("**/dashboard")
