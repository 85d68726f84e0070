"""One batch and one's own work, as people use them: edit, meet another's change, review, undo."""

import re
from collections.abc import Iterator
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
from tests.site import PASSWORD, Site, Visitor

ID = "batch_000001F"


@pytest.fixture
def database(mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[Database[dict[str, Any]]]:
    """The main database; afterwards people and batches are those of the first day again."""
    database = mongo_client["segmentacion_db"]
    before = {name: list(database[name].find()) for name in ("segmentadores", "batches")}
    yield database
    for name, documents in before.items():
        put_back(database[name], documents)
    database["trash"].delete_many({})
    changed(database)


def changed(database: Database[dict[str, Any]]) -> None:
    """Raise the data version, as every write of the product does."""
    for name in ("batches", "crew"):
        database["app_state"].update_one({"_id": f"version:{name}"}, {"$inc": {"value": 1}})


@pytest.fixture
def batch(database: Database[dict[str, Any]]) -> Database[dict[str, Any]]:
    """Flor works on the first batch, and two more wait for her."""
    set_batch(database, ID, assignee="Flor", status="In")
    set_batch(database, "batch_000002F", assignee="Flor", status="NS")
    database["segmentadores"].update_one({"name": "Flor"}, {"$set": {"login": "florecita"}})
    changed(database)
    return database


def set_batch(database: Database[dict[str, Any]], batch_id: str, **fields: Any) -> None:
    found = database["batches"].update_one({"id": batch_id}, {"$set": fields})
    assert found.matched_count == 1


@pytest.fixture(scope="package")
def flor_cookies(site: Site) -> Cookies:
    add_account(site, "florecita", Role.SEGMENTER)
    visitor = Visitor(site.url)
    visitor.login("florecita", PASSWORD)
    return cookies_of(visitor)


def stored(database: Database[dict[str, Any]], batch_id: str = ID) -> dict[str, Any]:
    found = database["batches"].find_one({"id": batch_id})
    assert found is not None
    return found


def say(page: Page, text: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(text)


def no_sideways_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_field_is_edited_and_undone_from_the_toast(
    page: Page, batch: Database[dict[str, Any]]
) -> None:
    page.goto(f"/batch/{ID}")
    page.get_by_label("Prioridad").select_option("alta")
    page.get_by_role("button", name="Guardar cambios").click()
    say(page, "Hecho.")
    expect(page.locator(".batch-head__facts")).to_contain_text("alta")
    assert stored(batch)["metadata"]["priority"] == "alta"
    page.locator(".toast__action").click()
    say(page, "Deshecho")
    assert stored(batch)["metadata"]["priority"] == "media"


def conflict(page: Page, site: Site, watch: Watch) -> None:
    watch.expect("status of 409")
    page.goto(f"/batch/{ID}")
    page.get_by_label("Prioridad").select_option("alta")
    answer = site.visitor().send("PATCH", f"/api/batches/{ID}", {"priority": "baja"})
    assert answer.status == 200
    page.get_by_role("button", name="Guardar cambios").click()
    expect(page.locator(".conflict")).to_contain_text("Alguien cambió")
    expect(page.locator(".conflict tbody td")).to_have_text(["baja", "alta"])


def test_a_second_writers_change_is_kept(
    page: Page, batch: Database[dict[str, Any]], site: Site, watch: Watch
) -> None:
    conflict(page, site, watch)
    page.get_by_role("link", name="Usar lo suyo").click()
    expect(page.locator(".conflict")).to_have_count(0)
    expect(page.get_by_label("Prioridad")).to_have_value("baja")
    assert stored(batch)["metadata"]["priority"] == "baja"


def test_ones_own_change_is_applied_again(
    page: Page, batch: Database[dict[str, Any]], site: Site, watch: Watch
) -> None:
    conflict(page, site, watch)
    page.get_by_role("button", name="Volver a aplicar lo mío").click()
    say(page, "Hecho.")
    expect(page.locator(".conflict")).to_have_count(0)
    assert stored(batch)["metadata"]["priority"] == "alta"


def test_a_comment_is_added_and_what_is_being_written_stays(
    page: Page, batch: Database[dict[str, Any]]
) -> None:
    page.goto(f"/batch/{ID}")
    page.get_by_label("Notas").fill("a medias")
    page.get_by_label("Tu comentario").fill("Falta <b>el borde</b>")
    page.get_by_role("button", name="Comentar").click()
    expect(page.locator(".talk__one")).to_contain_text("Falta <b>el borde</b>")
    expect(page.get_by_label("Notas")).to_have_value("a medias")


def test_a_batch_is_returned_with_a_comment_and_that_is_undone_from_the_timeline(
    page: Page, batch: Database[dict[str, Any]]
) -> None:
    set_batch(batch, ID, status="S")
    page.goto(f"/batch/{ID}")
    page.get_by_role("button", name="No aprobar…").click()
    page.get_by_role("textbox", name="Qué hay que corregir").fill("Cierra el borde")
    page.get_by_role("button", name="No aprobar", exact=True).click()
    expect(page.locator(".batch-head__said")).to_contain_text("Cierra el borde")
    assert stored(batch)["status"] == "In"
    page.get_by_role("button", name="Deshacer lo último").click()
    expect(page.get_by_role("button", name="Aprobar", exact=True)).to_be_visible()
    assert stored(batch)["status"] == "S"
    expect(page.locator(".timeline__one").first).to_contain_text("deshizo un cambio")


def test_a_batch_is_approved(page: Page, batch: Database[dict[str, Any]]) -> None:
    set_batch(batch, ID, status="S")
    page.goto(f"/batch/{ID}")
    page.get_by_role("button", name="Aprobar", exact=True).click()
    say(page, "Quedó aprobado")
    assert stored(batch)["metadata"]["review_status"] == "Aprobado"


def test_deleting_asks_for_the_word_and_is_undone_on_the_dashboard(
    page: Page, batch: Database[dict[str, Any]]
) -> None:
    page.goto(f"/batch/{ID}")
    page.get_by_role("button", name="Eliminar este batch…").click()
    button = page.get_by_role("button", name="Eliminar", exact=True)
    expect(button).to_be_disabled()
    page.get_by_label("Escribe ELIMINAR").fill("ELIMINAR")
    button.click()
    page.wait_for_url(re.compile("/dashboard"))
    say(page, f"{ID} está en la papelera")
    assert batch["batches"].count_documents({"id": ID}) == 0
    page.locator(".toast__action").click()
    say(page, "Deshecho")
    assert batch["batches"].count_documents({"id": ID}) == 1


def test_a_batch_is_restored_from_the_trash(
    page: Page, batch: Database[dict[str, Any]], site: Site, watch: Watch
) -> None:
    watch.expect("status of 404")
    site.visitor().send("DELETE", f"/api/batches/{ID}", {})
    page.goto(f"/batch/{ID}")
    page.get_by_role("button", name="Restaurar").click()
    expect(page.locator("main")).to_contain_text("salió de la papelera")
    assert batch["batches"].count_documents({"id": ID}) == 1


def test_a_segmenter_works_through_the_day_on_a_phone(
    open_page: OpenPage, flor_cookies: Cookies, batch: Database[dict[str, Any]]
) -> None:
    page = open_page(flor_cookies, viewport={"width": 360, "height": 780})
    page.goto("/mi-trabajo")
    card = page.locator('[data-batch="batch_000002F"]')
    card.get_by_role("button", name="Empezar").click()
    say(page, "Empezaste batch_000002F")
    card.get_by_label("Máscaras terminadas").fill("12")
    card.get_by_role("button", name="Guardar").click()
    say(page, "Avance de batch_000002F guardado")
    assert stored(batch, "batch_000002F")["metadata"]["completed_masks"] == 12
    card.get_by_role("button", name="Terminé").click()
    say(page, "Terminaste batch_000002F")
    expect(page.locator("#own-finished")).to_have_text("1")
    assert stored(batch, "batch_000002F")["status"] == "S"
    page.locator(".toast").filter(has_text="Terminaste").get_by_role("button").first.click()
    expect(page.locator("#own-finished")).to_have_text("0")
    assert no_sideways_scroll(page)


def test_the_next_batch_is_taken_until_the_limit(
    open_page: OpenPage, flor_cookies: Cookies, batch: Database[dict[str, Any]], watch: Watch
) -> None:
    watch.expect("status of 409")
    page = open_page(flor_cookies, viewport={"width": 360, "height": 780})
    page.goto("/mi-trabajo")
    for held in (3, 4, 5):
        page.get_by_role("button", name="Dame el siguiente batch").click()
        expect(page.locator("#own-open")).to_have_text(re.compile(rf"^{held} / 5$"))
    page.get_by_role("button", name="Dame el siguiente batch").click()
    expect(page.locator("#next-answer")).to_contain_text("el límite es 5")


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_scrolls_sideways(page: Page, batch: Database[dict[str, Any]], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    set_batch(batch, ID, folder="/datos/" + "x" * 300, comments="y" * 300)
    page.goto(f"/batch/{ID}")
    assert no_sideways_scroll(page)
