"""Editing in the table: one cell, many rows, saved views, following what others do, undoing."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.board import expect_count, ids, open_dashboard
from tests.browser.conftest import Cookies, OpenPage
from tests.browser.watching import Watch
from tests.site import Site

ALL = "?sort=id"
SELF_REFRESH_MS = 5_000


def row(page: Page, batch_id: str) -> Locator:
    return page.locator(f"#row-{batch_id}")


def cell(page: Page, batch_id: str, field: str) -> Locator:
    return row(page, batch_id).locator(f'[data-edit="{field}"]')


def undo(page: Page) -> None:
    page.locator(".toast").get_by_role("button", name="Deshacer").last.click()


@pytest.fixture
def api(site: Site) -> Any:
    """Another person, through the API."""
    visitor = site.visitor()

    def change(batch_id: str, **values: Any) -> Any:
        answer = visitor.send("PATCH", f"/api/batches/{batch_id}", values)
        assert answer.status == 200, answer.text
        return answer.json()["batch"]

    return change


def test_a_click_on_a_cell_changes_it_and_undo_puts_it_back(page: Page) -> None:
    open_dashboard(page, ALL)
    batch_id = ids(page)[0]
    cell(page, batch_id, "priority").click()
    page.locator('.pop [data-value="alta"]').click()
    expect(cell(page, batch_id, "priority")).to_have_text("alta")
    undo(page)
    expect(cell(page, batch_id, "priority")).to_have_text("media")


def test_the_keyboard_alone_edits_a_row(page: Page) -> None:
    open_dashboard(page, ALL)
    batch_id = ids(page)[0]
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(cell(page, batch_id, "status")).to_have_text("In")
    expect(row(page, batch_id)).to_be_focused()
    undo(page)
    expect(cell(page, batch_id, "status")).to_have_text("NS")
    row(page, batch_id).focus()
    page.keyboard.press("e")
    expect(page.locator(".pop")).to_contain_text("Responsable")
    page.keyboard.press("Escape")
    expect(page.locator(".pop")).to_have_count(0)
    expect(row(page, batch_id)).to_be_focused()


def test_the_keyboard_stays_on_its_row_when_the_action_bar_is_left(page: Page) -> None:
    open_dashboard(page, ALL)
    batch_id = ids(page)[0]
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("a")
    expect(page.locator(".pop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(row(page, batch_id)).to_be_focused()
    page.locator('#actions [data-act="priority"]').focus()
    page.keyboard.press("Escape")
    expect(page.locator("#actions")).to_be_hidden()
    expect(row(page, batch_id)).to_be_focused()


def test_a_date_is_set_and_taken_away(page: Page) -> None:
    open_dashboard(page, ALL)
    batch_id = ids(page)[1]
    cell(page, batch_id, "due_date").click()
    page.locator(".pop input").fill("2099-10-20")
    page.locator(".pop").get_by_role("button", name="Guardar").click()
    expect(cell(page, batch_id, "due_date")).to_have_text("20 oct 2099")
    cell(page, batch_id, "due_date").click()
    page.locator(".pop").get_by_role("button", name="Sin fecha").click()
    expect(cell(page, batch_id, "due_date")).to_have_text("—")


def test_two_quick_changes_of_a_row_do_not_get_in_each_others_way(page: Page) -> None:
    open_dashboard(page, ALL)
    batch_id = ids(page)[1]
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if route.request.method == "PATCH" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/batches/*", hold_the_first)
    for priority in ("alta", "baja"):
        cell(page, batch_id, "priority").click()
        page.locator(f'.pop [data-value="{priority}"]').click()
        expect(cell(page, batch_id, "priority")).to_have_text(priority)
    with page.expect_response(
        lambda answer: '"baja"' in (answer.request.post_data or "")
    ) as second:
        held[0].continue_()
    assert second.value.status == 200
    expect(cell(page, batch_id, "priority")).to_have_text("baja")
    cell(page, batch_id, "priority").click()
    page.locator('.pop [data-value="media"]').click()
    expect(page.locator(".toast", has_text="media")).to_be_visible()


def test_a_conflict_tells_both_values_and_lets_insist(page: Page, api: Any, watch: Watch) -> None:
    watch.expect("409")
    open_dashboard(page, ALL)
    batch_id = ids(page)[2]
    cell(page, batch_id, "priority").click()
    api(batch_id, priority="baja")
    page.locator('.pop [data-value="alta"]').click()
    told = page.locator(".toast--warn")
    expect(told).to_contain_text("«baja»")
    expect(told).to_contain_text("«alta»")
    expect(cell(page, batch_id, "priority")).to_have_text("baja")
    told.get_by_role("button", name="Poner «alta»").click()
    expect(cell(page, batch_id, "priority")).to_have_text("alta")
    expect(page.locator(".toast__action", has_text="Deshacer")).to_be_visible()  # it was saved
    api(batch_id, priority="media")


def test_shift_selects_a_stretch_and_the_bar_changes_it(page: Page) -> None:
    open_dashboard(page, ALL)
    chosen = ids(page)[3:7]
    row(page, chosen[0]).locator(".pick").click()
    row(page, chosen[-1]).locator(".pick").click(modifiers=["Shift"])
    expect(page.locator("#actions-count")).to_have_text("4 seleccionados")
    page.locator('[data-act="priority"]').click()
    page.locator('.pop [data-value="baja"]').click()
    for batch_id in chosen:
        expect(cell(page, batch_id, "priority")).to_have_text("baja")
    expect(page.locator("#actions")).to_be_hidden()
    undo(page)
    expect(cell(page, chosen[0], "priority")).to_have_text("media")


def test_all_that_match_are_changed_after_the_counts_are_confirmed(page: Page) -> None:
    open_dashboard(page, "?uploaded=true")
    first = ids(page)[0]
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Seleccionar los 58 que coinciden").click()
    expect(page.locator("#actions-count")).to_have_text("58 seleccionados")
    expect(page.locator('[data-act="assignee"]')).to_be_focused()
    page.locator('[data-act="priority"]').click()
    page.locator('.pop [data-value="alta"]').click()
    expect(page.locator("#bulk-confirm")).to_contain_text("Cambian 58 de 58 batches.")
    page.locator("#bulk-confirm").get_by_role("button", name="Cambiar").click()
    expect(page.locator(".toast--good").last).to_contain_text("58 batches cambiaron")
    expect(cell(page, first, "priority")).to_have_text("alta")
    undo(page)
    expect(cell(page, first, "priority")).to_have_text("media")


def test_what_the_rules_refuse_is_listed(page: Page) -> None:
    open_dashboard(page, "?assignee=&sort=id")
    row(page, ids(page)[0]).locator(".pick").click()
    page.locator('[data-act="status"]').click()
    page.locator('.pop [data-value="S"]').click()
    expect(page.locator("#bulk-refused")).to_contain_text("necesita responsable")


def test_the_table_follows_what_others_do(page: Page, api: Any) -> None:
    open_dashboard(page, ALL)
    batch_id, picked = ids(page)[8], ids(page)[9]
    row(page, picked).locator(".pick").click()
    row(page, batch_id).focus()
    api(batch_id, priority="alta")
    expect(cell(page, batch_id, "priority")).to_have_text("alta", timeout=SELF_REFRESH_MS)
    expect(row(page, batch_id)).to_be_focused()
    expect(row(page, picked).locator(".pick")).to_be_checked()
    api(batch_id, priority="media")


def test_who_only_reads_has_nothing_to_edit(open_page: OpenPage, viewer_cookies: Cookies) -> None:
    page = open_page(viewer_cookies)
    open_dashboard(page, ALL)
    expect(page.locator(".pick, .edit, #actions")).to_have_count(0)


def test_a_saved_view_opens_the_dashboard(page: Page) -> None:
    open_dashboard(page, "?uploaded=true")
    page.locator("details.views summary").click()
    page.get_by_role("button", name="Guardar esta vista…").click()
    dialog = page.locator("#view-dialog")
    dialog.get_by_label("Nombre").fill("Cargados")
    dialog.get_by_label("Abrir mi tablero con ella").check()
    dialog.get_by_role("button", name="Guardar", exact=True).click()
    expect(page.locator(".toast--good")).to_contain_text("Cargados")
    open_dashboard(page)
    expect(page).to_have_url(re.compile(r"\?uploaded=true$"))
    expect_count(page, "58 de 429")
    page.locator("details.views summary").click()
    page.get_by_role("button", name="Cambiar Cargados").click()
    dialog.get_by_role("button", name="Eliminar la vista").click()
    expect(page.locator(".toast--good")).to_contain_text("eliminada")
    open_dashboard(page)
    expect_count(page, "429 batches")


def test_the_history_unfolds_and_undoes(page: Page) -> None:
    open_dashboard(page, ALL)
    for batch_id in ids(page)[11:13]:
        row(page, batch_id).locator(".pick").click()
    page.locator('[data-act="priority"]').click()
    page.locator('.pop [data-value="baja"]').click()
    expect(page.locator(".toast--good")).to_contain_text("2 batches cambiaron")
    page.goto("/historial")
    first = page.locator(".op").first
    first.locator("summary").click()
    expect(first.locator(".touched > li")).to_have_count(2)
    expect(first.locator("ins").first).to_have_text("baja")
    first.get_by_role("button", name="Deshacer").click()
    expect(page.locator(".toast--good")).to_contain_text("2 batches volvieron")
    expect(page.locator(".op").nth(1)).to_contain_text("deshecho por admin")
