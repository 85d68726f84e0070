"""What people write stays text on every page, and no page has a script or style of its own."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from crew.services import add_person
from exports.rules.jobs import JobKind
from exports.services.jobs import records
from tests.crew.doors import DOORS, ask
from tests.factories import ACTOR, make_batch, put_file

pytestmark = pytest.mark.usefixtures("mongo")

EVIL = "\"><xss onload=alert(1)>'</script>{{7*7}}"
RELAXED = {"/api/docs"}  # Swagger UI starts inline
PAGES = [door for door in DOORS if door.method == "GET" and door.route not in RELAXED]


class Inline(HTMLParser):
    """Finds what the policy of our pages forbids, and what people wrote that became a tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if tag in {"xss", "style"} or (tag == "script" and not names.get("src")):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]
        self.found += [v for v in names.values() if v and v.strip().startswith("javascript:")]


@pytest.fixture(autouse=True)
def written_by_somebody_evil(settings: Any, tmp_path: Any) -> None:
    settings.HEAVY_LIMIT = settings.EXPORT_LIMIT = None
    settings.DATA_DIRECTORY = tmp_path
    add_person(name=f"Eva {EVIL}", role=EVIL)
    fields: dict[str, Any] = dict.fromkeys(("status", "comments", "folder"), EVIL)
    make_batch("batch_1", assignee=f"Eva {EVIL}", metadata__priority=EVIL, **fields)
    put_file(f"{EVIL} batch_1.zip", uploaded_by=EVIL)
    records.create(JobKind.COMPARE, actor=ACTOR, options={}, label=EVIL)


def test_every_page_forbids_it_has_none_and_shows_what_is_written_as_text(
    lead_client: Client,
) -> None:
    lead_client.post("/api/sync-batch-files", {}, "application/json")
    view = {"name": EVIL, "query": "q=1", "shared": True}
    assert lead_client.post("/api/views", view, "application/json").status_code == 201
    pages = {door.route: ask(lead_client, door) for door in PAGES}
    pages["search"] = lead_client.get("/dashboard", {"q": EVIL})
    html = {route: page for route, page in pages.items() if "html" in page["Content-Type"]}
    assert len(html) > 30
    policies = {page["Content-Security-Policy"] for page in pages.values()}
    assert len(policies) == 1
    assert "unsafe" not in policies.pop()
    found = {route: Inline(page.content.decode()).found for route, page in html.items()}
    assert {route: inline for route, inline in found.items() if inline} == {}
    shown = [route for route, page in html.items() if "&lt;xss" in page.content.decode()]
    assert {"/dashboard", "/batch/<path:batch_id>", "/team", "/masks", "search"} <= set(shown)
