"""The board as people use it: dragging, by keyboard, by touch, with others at work too."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pymongo import MongoClient

from tests.browser.board import tab_to
from tests.browser.conftest import Cookies, OpenPage
from tests.browser.watching import Watch

UNSET = {"assignee": None, "status": "NS", "history": []}


@pytest.fixture(autouse=True)
def start(mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[None]:
    """Nobody holds anything when a test begins; what it did is put back."""
    batches = mongo_client["segmentacion_db"]["batches"]
    before = {
        batch["_id"]: {name: batch.get(name) for name in UNSET}
        for batch in batches.find({}, dict.fromkeys(UNSET, 1))
    }
    batches.update_many({}, {"$set": UNSET})
    _bump(mongo_client)
    yield
    for key, values in before.items():
        batches.update_one({"_id": key}, {"$set": values})
    _bump(mongo_client)


def _bump(client: "MongoClient[dict[str, Any]]") -> None:
    state = client["segmentacion_db"]["app_state"]
    state.update_one({"_id": "version:batches"}, {"$inc": {"value": 1}}, upsert=True)


def open_board(page: Page, query: str = "") -> None:
    page.goto(f"/batch-management{query}")
    expect(cards(page, "").first).to_be_visible()


def column(page: Page, assignee: str) -> Locator:
    return page.locator(f'.column[data-assignee="{assignee}"]')


def cards(page: Page, assignee: str) -> Locator:
    return column(page, assignee).locator(".batch-card")


def id_of(card: Locator) -> str:
    return card.get_attribute("data-id") or ""


def held(page: Page, assignee: str) -> str:
    return column(page, assignee).locator('[data-part="matching"]').inner_text()


def drag(page: Page, card: Locator, target: Locator) -> None:
    """Drag as a hand does: press, move a little, then over the target, and let go."""
    start, end = card.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 40, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 52, start["y"] + 20)
    page.mouse.move(end["x"] + 60, end["y"] + 160, steps=4)
    page.mouse.move(end["x"] + 64, end["y"] + 170)
    expect(target.locator(".column__drop")).to_be_visible()
    page.mouse.up()


def select_three(page: Page) -> list[str]:
    unassigned = cards(page, "")
    unassigned.nth(0).click()
    unassigned.nth(2).click(modifiers=["Shift"])
    expect(page.locator("#selection-bar")).to_contain_text("3 seleccionados")
    return [id_of(unassigned.nth(n)) for n in range(3)]


def test_three_selected_cards_are_dragged_to_a_person_and_put_back(page: Page) -> None:
    open_board(page)
    before = int(held(page, ""))
    ids = select_three(page)
    drag(page, cards(page, "").nth(1), column(page, "Flor"))
    expect(page.locator(".toast")).to_contain_text("3 batches asignados a Flor.")
    assert [id_of(card) for card in cards(page, "Flor").all()] == ids
    assert (held(page, "Flor"), held(page, "")) == ("3", str(before - 3))
    page.reload()
    expect(cards(page, "Flor")).to_have_count(3)


def test_the_toast_undoes_it(page: Page) -> None:
    open_board(page)
    select_three(page)
    drag(page, cards(page, "").nth(1), column(page, "Flor"))
    page.get_by_role("button", name="Deshacer").click()
    expect(page.locator(".toast").last).to_contain_text("Deshecho")
    expect(cards(page, "Flor")).to_have_count(0)


def test_the_keyboard_does_the_same(page: Page) -> None:
    open_board(page)
    page.keyboard.press("j")
    for _ in range(3):
        page.keyboard.press("x")
        page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    dialog = page.locator("#assign-dialog")
    expect(dialog).to_contain_text("Asignar 3 batches a…")
    page.keyboard.press("ArrowDown")
    expect(dialog.locator("button:focus")).to_contain_text("Flor")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("3 batches asignados a Flor.")
    expect(cards(page, "Flor")).to_have_count(3)
    expect(cards(page, "").first).to_be_focused()


def test_another_window_follows_within_five_seconds(
    page: Page, open_page: OpenPage, lead_cookies: Cookies
) -> None:
    other = open_page(lead_cookies)
    open_board(other)
    open_board(page)
    select_three(page)
    drag(page, cards(page, "").nth(1), column(page, "Ceci"))
    expect(column(other, "Ceci").locator('[data-part="NS"]')).to_have_text("3", timeout=5_500)
    expect(cards(other, "Ceci")).to_have_count(3)


def test_what_another_person_moved_goes_back_with_the_reason(
    page: Page, mongo_client: "MongoClient[dict[str, Any]]"
) -> None:
    open_board(page)
    ids = select_three(page)
    batches = mongo_client["segmentacion_db"]["batches"]  # another program: no new version
    batches.update_one({"id": ids[1]}, {"$set": {"assignee": "Ceci"}})
    drag(page, cards(page, "").nth(1), column(page, "Flor"))
    told = page.locator(".toast--warn")
    expect(told).to_contain_text(f"{ids[1]}: otra persona lo movió: ahora lo tiene Ceci")
    expect(cards(page, "Flor")).to_have_count(2)
    expect(cards(page, "Ceci")).to_have_count(1)


def test_a_failure_puts_everything_back(page: Page, watch: Watch) -> None:
    watch.expect("503")
    open_board(page)
    ids = select_three(page)
    body = '{"success": false, "error": "DB no disponible"}'
    page.route("**/api/batches/bulk", lambda route: route.fulfill(status=503, body=body))
    drag(page, cards(page, "").nth(1), column(page, "Flor"))
    expect(page.locator(".toast--bad")).to_contain_text("DB no disponible")
    assert [id_of(cards(page, "").nth(n)) for n in range(3)] == ids
    expect(cards(page, "Flor")).to_have_count(0)


def test_a_range_is_shown_before_it_is_assigned(page: Page) -> None:
    open_board(page)
    first, last = (id_of(cards(page, "").nth(n)).removeprefix("batch_") for n in (0, 4))
    page.get_by_role("button", name="Rango o lista").click()
    page.locator("#list-dialog textarea").fill(f"{first}\n999999F, xyz")
    page.get_by_role("button", name="Revisar").click()
    dialog = page.locator("#list-dialog")
    expect(dialog).to_contain_text("1 batch encontrado, 1 cambiaría; 2 no se pueden:")
    expect(dialog.locator(".refusals")).to_contain_text("xyz: no existe")
    page.locator("#list-dialog textarea").fill(f"{first}-{last}")
    page.locator("#list-dialog select").select_option("Maggie")
    page.get_by_role("button", name="Revisar").click()
    expect(dialog).to_contain_text("encontrados")
    page.keyboard.press("Enter")  # the focus is on the button that does it
    expect(page.locator(".toast")).to_contain_text("a Maggie.")
    expect(cards(page, "Maggie").first).to_have_attribute("data-id", f"batch_{first}")


def test_work_is_distributed_and_passed_on_by_keyboard_alone(page: Page) -> None:
    keys = page.keyboard
    open_board(page)
    select_three(page)
    page.locator("#open-distribute").press("Enter")
    dialog = page.locator("#distribute-dialog")
    expect(dialog.locator("[value=selection]")).to_be_focused()
    tab_to(page, dialog.get_by_label("Peso de Flor"))
    keys.type("2")
    for name in ("Ignacio", "Maggie", "Mauricio"):
        tab_to(page, dialog.get_by_label(name, exact=True))
        keys.press("Space")
    expect(dialog.locator('[data-person="Flor"] output')).to_have_text("+2 → 2")
    tab_to(page, dialog.get_by_role("button", name="Repartir 3"))
    keys.press("Enter")
    expect(cards(page, "Flor")).to_have_count(2)
    expect(cards(page, "Ceci")).to_have_count(1)
    column(page, "Flor").locator(".column__menu summary").press("Enter")
    tab_to(page, column(page, "Flor").get_by_role("button", name="Pasar su trabajo abierto…"))
    keys.press("Enter")
    expect(page.locator("#transfer-dialog").get_by_label("Ceci")).to_be_focused()
    keys.press("Space")
    tab_to(page, page.get_by_role("button", name="Pasar trabajo"))
    keys.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("2 batches pasaron de Flor a Ceci.")
    expect(cards(page, "Ceci")).to_have_count(3)


def test_all_that_match_the_filter_are_assigned(page: Page) -> None:
    open_board(page, "?q=0001")
    page.get_by_role("button", name=re.compile("Asignar los .* que coinciden")).click()
    page.locator("#assign-dialog").get_by_role("button", name="Ceci").click()
    expect(page.locator(".toast")).to_contain_text("a Ceci.")
    expect(cards(page, "")).to_have_count(0)


def test_a_column_goes_on_where_it_is_scrolled(page: Page) -> None:
    open_board(page)
    expect(cards(page, "")).to_have_count(30)
    column(page, "").locator(".column__more").scroll_into_view_if_needed()
    expect(cards(page, "").nth(45)).to_be_attached()


def test_on_a_phone_the_dialog_assigns(open_page: OpenPage, lead_cookies: Cookies) -> None:
    phone = open_page(
        lead_cookies, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    open_board(phone)
    cards(phone, "").nth(0).locator(".tick").tap()
    cards(phone, "").nth(1).locator(".tick").tap()
    phone.get_by_role("button", name="Asignar a…").tap()
    phone.locator("#assign-dialog").get_by_role("button", name="Flor").tap()
    expect(phone.locator(".toast")).to_contain_text("2 batches asignados a Flor.")
    expect(cards(phone, "Flor")).to_have_count(2)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_viewer_moves_nothing(open_page: OpenPage, viewer_cookies: Cookies) -> None:
    page = open_page(viewer_cookies)
    open_board(page)
    expect(page.locator('[draggable="true"], #selection-bar, #open-list')).to_have_count(0)
