"""What people do every day with no mouse: every control is reached with Tab, or has its own key."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient
from pymongo.database import Database

from tests.browser.board import expect_count, menu, open_dashboard, tab_to
from tests.browser.restoring import put_back

ID = "batch_000001F"


@pytest.fixture
def database(mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[Database[dict[str, Any]]]:
    """The main database; afterwards the batches are those of the first day again."""
    database = mongo_client["segmentacion_db"]
    before = list(database["batches"].find())
    yield database
    put_back(database["batches"], before)
    for name in ("trash", "operations", "saved_views"):
        database[name].delete_many({})
    for name in ("batches", "batch_ids"):
        database["app_state"].update_one({"_id": f"version:{name}"}, {"$inc": {"value": 1}})


def press(page: Page, name: str, *, role: Any = "button") -> None:
    """Go to a control with Tab and press it."""
    tab_to(page, page.get_by_role(role, name=name, exact=True), at_most=150)
    page.keyboard.press("Enter")


def said(page: Page, text: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(text)


def test_a_list_is_filtered_and_kept_as_a_view(
    database: Database[dict[str, Any]], page: Page
) -> None:
    open_dashboard(page)
    uploaded = menu(page, "Cargado a Mongo")
    tab_to(page, uploaded.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, uploaded.locator("input:checked"))
    page.keyboard.press("ArrowDown")
    expect_count(page, "58 de 429")
    page.keyboard.press("Escape")
    expect(uploaded.locator("summary")).to_be_focused()
    tab_to(page, page.locator("details.views summary"))
    page.keyboard.press("Enter")
    press(page, "Guardar esta vista…")
    expect(page.locator("#view-dialog [name=name]")).to_be_focused()
    page.keyboard.type("Con máscaras")
    page.keyboard.press("Enter")
    said(page, "Con máscaras")
    page.goto("/dashboard?sort=id")
    tab_to(page, page.locator("details.views summary"))
    page.keyboard.press("Enter")
    press(page, "Con máscaras", role="link")
    expect_count(page, "58 de 429")


def test_the_due_date_of_a_selection_is_set(database: Database[dict[str, Any]], page: Page) -> None:
    open_dashboard(page)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    press(page, "Fecha límite")
    expect(page.locator(".pop [name=date]")).to_be_focused()
    page.keyboard.type("11112030")  # the same day, whichever of the two comes first
    page.keyboard.press("Enter")
    expect(page.locator('[data-edit="due_date"]', has_text="11 nov 2030")).to_have_count(2)


def test_a_batch_is_commented_deleted_and_brought_back(
    database: Database[dict[str, Any]], page: Page
) -> None:
    page.goto(f"/batch/{ID}")
    tab_to(page, page.get_by_label("Tu comentario"))
    page.keyboard.type("Lo veo mañana")
    press(page, "Comentar")
    expect(page.locator(".talk__list")).to_contain_text("Lo veo mañana")
    expect(page.get_by_role("button", name="Comentar")).to_be_focused()
    press(page, "Eliminar este batch…")
    expect(page.locator("#delete-dialog [name=word]")).to_be_focused()
    page.keyboard.type("ELIMINAR")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dashboard"))
    page.goto("/papelera")
    tab_to(page, page.get_by_label(ID))
    page.keyboard.press("Space")
    press(page, "Restaurar los elegidos")
    expect(page.locator("main")).to_contain_text("La papelera está vacía")
    assert database["batches"].count_documents({"id": ID}) == 1


def test_masks_are_synced_and_the_help_closes_where_it_was_opened(page: Page) -> None:
    page.goto("/masks")
    press(page, "Sincronizar ahora")
    expect(page.locator('#sync-answer [data-part="result"]')).to_contain_text("Hecha.")
    tab_to(page, page.get_by_role("link", name="Conciliación"))
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Conciliación")).to_be_focused()
