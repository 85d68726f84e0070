"""What a page weighs on a first visit: all that it loads but pictures, in bytes as sent."""

from playwright.sync_api import Page

LIMIT = 300_000
PARTS = """() => ["navigation", "resource"]
  .flatMap((kind) => performance.getEntriesByType(kind))
  .filter((part) => !["img", "image"].includes(part.initiatorType))
  .map((part) => [part.name, part.encodedBodySize])"""


def parts_of(page: Page) -> dict[str, int]:
    """Return the size of each part, the page itself among them; of what the browser still had
    from another page, too, and of what was asked for repeatedly, once."""
    return dict(page.evaluate(PARTS))


def assert_light(page: Page) -> None:
    """Check that somebody who was never here would load little."""
    parts = parts_of(page)
    assert len(parts) > 3
    assert sum(parts.values()) < LIMIT, parts
