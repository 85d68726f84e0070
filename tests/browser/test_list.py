"""The list of batches: filters in the URL, sorting, searching, keys, paging."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.board import choose, expect_count, head, ids, open_dashboard
from tests.browser.watching import Watch

UPLOADED, NOT_UPLOADED = "58 de 429", "371 de 429"


def test_a_filter_goes_to_the_url_and_survives_a_reload(page: Page) -> None:
    open_dashboard(page)
    choose(page, "Cargado a Mongo", "Cargado")
    expect_count(page, UPLOADED)
    expect(page).to_have_url(re.compile(r"/dashboard\?uploaded=true$"))
    page.reload()
    expect_count(page, UPLOADED)


def test_back_and_forward_bring_the_filters_back(page: Page) -> None:
    open_dashboard(page)
    choose(page, "Cargado a Mongo", "Cargado")
    expect_count(page, UPLOADED)
    page.keyboard.press("Escape")
    choose(page, "Cargado a Mongo", "Sin cargar")
    expect_count(page, NOT_UPLOADED)
    page.go_back()
    expect_count(page, UPLOADED)
    page.go_back()
    expect_count(page, "429 batches")
    page.go_forward()
    expect_count(page, UPLOADED)
    expect(page.locator(".chip")).to_have_text(["Cargado a Mongo"])


def test_two_values_of_one_filter_mean_either(page: Page) -> None:
    open_dashboard(page)
    choose(page, "Estatus", "NS")
    expect(page.locator(".chip")).to_have_count(1)
    page.locator("details.filter[open] label").filter(has_text="In").click()
    expect(page).to_have_url(re.compile("status=NS&status=In"))
    expect_count(page, "429 batches")


def test_a_chip_takes_its_filter_away_and_leaves_the_others(page: Page) -> None:
    open_dashboard(page, "?uploaded=false&status=NS&q=T")
    page.locator(".chip").filter(has_text="Sin cargar").click()
    expect(page).to_have_url(re.compile(r"\?status=NS&q=T$"))
    expect(page.locator(".chip")).to_have_count(2)
    expect(page.locator("input[name=uploaded][value='']")).to_be_checked()
    page.get_by_role("link", name="Limpiar", exact=True).click()
    expect_count(page, "429 batches")
    expect(page.locator("#search")).to_have_value("")


def test_a_head_sorts_and_turns_around(page: Page) -> None:
    open_dashboard(page)
    first = ids(page)[0]
    expect(head(page, "Batch")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("link", name="Batch", exact=True).click()
    expect(head(page, "Batch")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile("sort=-id"))
    assert ids(page) == sorted(ids(page), reverse=True)
    assert ids(page)[0] != first


def test_sorting_keeps_the_filter_and_filtering_keeps_the_sort(page: Page) -> None:
    open_dashboard(page, "?sort=-last_file_upload")
    choose(page, "Cargado a Mongo", "Cargado")
    expect_count(page, UPLOADED)
    expect(head(page, "Cargado a Mongo")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("link", name="Responsable", exact=True).click()
    expect(page).to_have_url(re.compile(r"uploaded=true.*sort=assignee|sort=assignee.*uploaded"))
    expect_count(page, UPLOADED)


def test_a_slash_goes_to_the_search_and_finds_while_typing(page: Page) -> None:
    open_dashboard(page)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("T00008")
    expect(page).to_have_url(re.compile(r"\?q=T00008$"))
    expect(page.locator("#list-count")).to_contain_text("de 429")
    assert ids(page)
    assert all(shown.startswith("batch_T00008") for shown in ids(page))
    expect(page.locator("#search")).to_be_focused()


def test_a_slash_works_on_the_other_pages_too(page: Page) -> None:
    page.goto("/team")
    page.keyboard.press("/")
    page.keyboard.type("T000082")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/dashboard\?q=T000082$"))
    expect(page.locator(".batches tbody tr")).not_to_have_count(0)


def test_j_and_k_move_over_the_rows(page: Page) -> None:
    open_dashboard(page)
    rows = page.locator(".batches tbody tr")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(1)).to_be_focused()


def test_typing_j_in_the_search_only_types(page: Page) -> None:
    open_dashboard(page)
    page.keyboard.press("/")
    page.keyboard.type("j?")
    expect(page.locator("#search")).to_have_value("j?")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_question_mark_shows_the_keys_and_escape_closes_them(page: Page) -> None:
    open_dashboard(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Atajos de teclado")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_escape_closes_an_open_filter_and_gives_the_focus_back(page: Page) -> None:
    open_dashboard(page)
    summary = page.locator("details.filter summary").first
    summary.click()
    page.keyboard.press("Escape")
    expect(page.locator("details.filter[open]")).to_have_count(0)
    expect(summary).to_be_focused()


def test_paging_keeps_the_filters(page: Page) -> None:
    open_dashboard(page, "?uploaded=false")
    before = ids(page)
    page.get_by_role("link", name="Página siguiente").click()
    expect(page.locator(".pager")).to_contain_text("Página 2 de 8")
    expect(page).to_have_url(re.compile("uploaded=false.*page=2"))
    expect_count(page, NOT_UPLOADED)
    assert not set(before) & set(ids(page))


def test_the_size_of_a_page_is_chosen_and_filters_stay(page: Page) -> None:
    open_dashboard(page, "?uploaded=false")
    page.locator("#per-page").select_option("100")
    expect(page.locator(".batches tbody tr")).to_have_count(100)
    expect(page).to_have_url(re.compile("uploaded=false"))
    expect(page.locator(".pager")).to_contain_text("Página 1 de 4")


def test_a_page_beyond_the_last_shows_the_last(page: Page) -> None:
    open_dashboard(page, "?page=99")
    expect(page.locator(".pager")).to_contain_text("Página 9 de 9")


def test_nothing_found_says_so_and_offers_the_way_back(page: Page) -> None:
    open_dashboard(page, "?q=zzz")
    expect(page.locator("#batches")).to_contain_text("Ningún batch coincide")
    page.get_by_role("link", name="Limpiar filtros").click()
    expect_count(page, "429 batches")


def test_a_filter_that_makes_no_sense_is_named(page: Page, watch: Watch) -> None:
    watch.expect("status of 400")
    open_dashboard(page, "?status=X")
    expect(page.get_by_role("alert")).to_contain_text("«X» no existe")
    expect_count(page, "429 batches")


@pytest.mark.parametrize("start", ["light", "dark"])
def test_the_theme_is_switched_and_stays(page: Page, start: str) -> None:
    page.emulate_media(color_scheme=start)  # type: ignore[arg-type]
    other = "dark" if start == "light" else "light"
    page.goto("/team")
    page.locator("[data-theme-toggle]").click()
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", other)
    page.goto("/masks")
    expect(root).to_have_attribute("data-theme", other)
    page.reload()
    expect(root).to_have_attribute("data-theme", other)
    page.get_by_label("Tu cuenta").click()
    page.locator(".account").get_by_role("button", name="Sistema").click()
    expect(root).not_to_have_attribute("data-theme", other)
