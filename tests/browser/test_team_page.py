"""The team: who holds what, and changing the team in the admin."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pymongo import MongoClient
from pymongo.database import Database

from tests.browser.conftest import Cookies, OpenPage
from tests.browser.restoring import put_back
from tests.browser.watching import Watch


@pytest.fixture
def database(mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[Database[dict[str, Any]]]:
    """The main database; afterwards people and batches are those of the first day again."""
    database = mongo_client["segmentacion_db"]
    before = {name: list(database[name].find()) for name in ("segmentadores", "batches")}
    yield database
    for name, documents in before.items():
        put_back(database[name], documents)
    changed(database)


@pytest.fixture
def flor_holds_six(database: Database[dict[str, Any]]) -> Database[dict[str, Any]]:
    """Flor has six batches, two of which are done."""
    batches = database["batches"]
    some = [batch["_id"] for batch in batches.find({}, {"_id": 1}).sort("id", 1).limit(6)]
    batches.update_many({"_id": {"$in": some}}, {"$set": {"assignee": "Flor", "status": "In"}})
    batches.update_many({"_id": {"$in": some[:2]}}, {"$set": {"status": "S"}})
    changed(database)
    return database


def changed(database: Database[dict[str, Any]]) -> None:
    """Raise the data version, as every write of the product does."""
    for name in ("batches", "crew"):
        database["app_state"].update_one({"_id": f"version:{name}"}, {"$inc": {"value": 1}})


def person(page: Page, name: str) -> Locator:
    """Return somebody's row of the team page."""
    exact = re.compile(rf"^{name}$")
    return page.locator(".people tbody tr").filter(has=page.get_by_text(exact))


def edit(page: Page, name: str) -> None:
    page.goto("/team")
    person(page, name).get_by_role("link", name="Editar").click()
    expect(page.locator("#id_name")).to_have_value(name)


def save(page: Page) -> None:
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page).to_have_url(re.compile(r"/admin/crew/segmenter/"))


def test_the_five_are_there_without_work(page: Page, database: Database[dict[str, Any]]) -> None:
    page.goto("/team")
    expect(page.locator(".people tbody tr")).to_have_count(5)
    expect(page.locator("main")).to_contain_text("5 en activo · 0 batches asignados")
    expect(person(page, "Flor")).to_contain_text("Sin batches")


def test_what_somebody_holds_is_shown_and_leads_to_it(
    page: Page, flor_holds_six: Database[dict[str, Any]]
) -> None:
    page.goto("/team")
    cells = person(page, "Flor").locator("td.is-num")
    expect(cells.nth(0)).to_have_text("6")
    expect(cells.nth(3)).to_have_text("2")
    expect(cells.nth(4)).to_have_text("33.3 %")
    page.get_by_role("link", name="Flor").first.click()
    expect(page.locator("#list-count")).to_have_text(re.compile(r"6\s+de 429"))
    expect(page.locator(".chip")).to_have_text(["Asignado a Flor"])


def test_somebody_is_added(page: Page, database: Database[dict[str, Any]]) -> None:
    page.goto("/team")
    page.get_by_role("link", name="Agregar persona").click()
    page.locator("#id_name").fill("Ana María")
    save(page)
    page.goto("/team")
    expect(person(page, "Ana María")).to_contain_text("Segmentador")


def test_a_name_that_exists_is_refused(page: Page, database: Database[dict[str, Any]]) -> None:
    page.goto("/admin/crew/segmenter/add/")
    page.locator("#id_name").fill("Flor")
    page.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.locator("main, #main, body").first).to_contain_text("'Flor' ya existe")
    assert database["segmentadores"].count_documents({"name": "Flor"}) == 1


def test_renaming_somebody_takes_the_batches_along(
    page: Page, flor_holds_six: Database[dict[str, Any]]
) -> None:
    edit(page, "Flor")
    page.locator("#id_name").fill("Florencia")
    save(page)
    expect(page.locator("body")).to_contain_text("Batches cuyo responsable cambió de nombre: 6")
    assert flor_holds_six["batches"].count_documents({"assignee": "Florencia"}) == 6
    assert flor_holds_six["batches"].count_documents({"assignee": "Flor"}) == 0


def test_somebody_is_deactivated_and_keeps_the_work(
    page: Page, flor_holds_six: Database[dict[str, Any]]
) -> None:
    edit(page, "Flor")
    page.locator("#id_active").uncheck()
    save(page)
    page.goto("/team")
    expect(page.locator(".people tbody tr").filter(has_text="Flor")).to_contain_text("Inactiva")
    assert flor_holds_six["batches"].count_documents({"assignee": "Flor"}) == 6


def open_removal(page: Page, name: str) -> None:
    edit(page, name)
    page.get_by_role("link", name="Eliminar").first.click()
    expect(page).to_have_url(re.compile("/delete/"))


def test_removing_asks_what_becomes_of_the_work_and_passes_it_on(
    page: Page, flor_holds_six: Database[dict[str, Any]]
) -> None:
    open_removal(page, "Flor")
    expect(page.locator("form").last).to_contain_text("Tiene 6 batches (0 NS · 4 In · 2 S)")
    page.get_by_label("Pasarlos a otra persona").check()
    page.get_by_label("Pasarlos a", exact=True).select_option("Ceci")
    page.get_by_role("button", name="Eliminar a Flor").click()
    expect(page.locator("body")).to_contain_text("Batches que cambiaron de manos: 6")
    page.goto("/team")
    expect(person(page, "Flor")).to_have_count(0)
    expect(person(page, "Ceci").locator("td.is-num").first).to_have_text("6")


def test_finished_work_is_not_left_without_anybody(
    page: Page, flor_holds_six: Database[dict[str, Any]]
) -> None:
    open_removal(page, "Flor")
    page.get_by_label("Dejarlos sin asignar").check()
    page.get_by_role("button", name="Eliminar a Flor").click()
    expect(page.get_by_role("alert")).to_contain_text("no pueden quedar sin responsable")
    assert flor_holds_six["segmentadores"].count_documents({"name": "Flor"}) == 1


def test_somebody_without_work_is_removed_at_once(
    page: Page, database: Database[dict[str, Any]]
) -> None:
    open_removal(page, "Ignacio")
    expect(page.locator("form").last).to_contain_text("No tiene batches")
    page.get_by_role("button", name="Eliminar a Ignacio").click()
    page.wait_for_url("**/admin/crew/segmenter/")
    assert database["segmentadores"].count_documents({"name": "Ignacio"}) == 0


def test_removing_can_be_left(page: Page, database: Database[dict[str, Any]]) -> None:
    open_removal(page, "Ignacio")
    page.get_by_role("link", name="Cancelar").click()
    expect(page.locator("#id_name")).to_have_value("Ignacio")


@pytest.mark.parametrize("path", ["/dashboard", "/team", "/masks"])
def test_a_viewer_reads_every_page_and_sees_no_way_into_the_admin(
    open_page: OpenPage, viewer_cookies: Cookies, path: str
) -> None:
    page = open_page(viewer_cookies)
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200
    expect(page.locator('a[href^="/admin"]')).to_have_count(0)


def test_a_viewer_does_not_get_into_the_admin(
    open_page: OpenPage, viewer_cookies: Cookies, watch: Watch
) -> None:
    watch.expect("status of 403")
    page = open_page(viewer_cookies)
    page.goto("/admin/crew/segmenter/add/")
    expect(page.locator("#id_name")).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text("Agregar segmentador")
