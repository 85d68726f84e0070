"""The dashboard as a person reads it."""

import re

from playwright.sync_api import Locator, Page, expect

SYNCED = '#sync-strip[data-kind="done"]'


def open_dashboard(page: Page, query: str = "") -> None:
    """Open the dashboard and wait until the sync that it asks for has answered."""
    page.goto(f"/dashboard{query}")
    expect(page.locator(SYNCED)).to_be_visible()


def counter(page: Page, key: str) -> int:
    """Return the number of a counter of the top row."""
    shown = page.locator(f"#counter-{key} .counter__value").inner_text()
    return int(shown.split()[0].replace(",", ""))


def expect_count(page: Page, text: str) -> None:
    """Wait until the list says how many there are, for instance «58 de 429»."""
    expect(page.locator("#list-count")).to_have_text(re.compile(rf"^\s*{re.escape(text)}\s*$"))


def ids(page: Page) -> list[str]:
    """Return the batches listed, in their order."""
    return page.locator(".batches .batch-id__text").all_inner_texts()


def menu(page: Page, label: str) -> Locator:
    """Return one of the filter menus."""
    return page.locator("details.filter").filter(has=page.locator(f'[aria-label="{label}"]'))


def choose(page: Page, label: str, choice: str) -> None:
    """Choose something in one of the filter menus, as a person would."""
    filter_menu = menu(page, label)
    filter_menu.locator("summary").click()
    filter_menu.locator("label").filter(has_text=re.compile(rf"^\s*{choice}\s*$")).click()


def head(page: Page, label: str) -> Locator:
    """Return a head of the table."""
    return page.locator(".batches thead th").filter(has_text=label)


def tab_to(page: Page, target: Locator, *, at_most: int = 60) -> None:
    """Press Tab until it has the focus, as somebody without a mouse does."""
    for _ in range(at_most):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {target}")
