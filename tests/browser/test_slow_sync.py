"""A sync that nobody answers: the dashboard is used meanwhile, and after 30 s says how it stands.

The page's clock is stopped and moved by hand: nothing here waits for seconds, or measures them.
"""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.board import expect_count

LIMIT_MS = 30_000  # what the dashboard gives its sync (specification, 3)
HOUR = 3_600


@pytest.fixture
def unanswered(page: Page) -> list[Route]:
    """A page whose clock stands still, and its requests for a sync, which get no answer."""
    asked: list[Route] = []

    def leave(route: Route) -> None:
        asked.append(route)

    page.route("**/api/sync-batch-files", leave)
    page.clock.install(time=0)
    page.clock.pause_at(HOUR)
    return asked


def test_it_is_used_while_the_sync_runs_and_says_when_that_takes_too_long(
    page: Page, unanswered: list[Route]
) -> None:
    page.goto("/dashboard")
    strip = page.locator("#sync-strip")
    expect(strip).to_have_attribute("data-kind", "running")
    expect_count(page, "429 batches")
    page.locator("#counter-uploaded").click()
    expect_count(page, "58 de 429")
    page.clock.fast_forward(LIMIT_MS - 1)
    expect(strip).to_contain_text("Sincronizando")
    page.clock.fast_forward(1)
    expect(strip).to_contain_text("Sin respuesta de la sincronización. Tarda más de 30 s.")
    expect(strip).to_contain_text("nada se perdió. Última buena: ")
    page.locator("#counter-not_uploaded").click()
    expect_count(page, "371 de 429")
    assert len(unanswered) == 1
