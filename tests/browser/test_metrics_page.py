"""Figures of past weeks: pictures, the tables behind them, a person's own, and on paper."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient

from tests.browser.conftest import Cookies, OpenPage
from tests.browser.restoring import put_back

SIDEWAYS = "document.scrollingElement.scrollWidth - window.innerWidth"
PEOPLE, WEEKS, EACH = ("Flor", "Ceci"), 6, 4


@pytest.fixture
def past_weeks(mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[None]:
    """Flor and Ceci finished four batches in each of the last six complete weeks."""
    batches = mongo_client["segmentacion_db"]["batches"]
    before = list(batches.find())
    monday = datetime.now(UTC) - timedelta(days=datetime.now(UTC).weekday(), hours=12)
    for place, batch in enumerate(before[: WEEKS * EACH]):
        person = PEOPLE[place % 2]
        done = monday - timedelta(weeks=place // EACH, days=3)
        given = done - timedelta(days=2)
        batches.update_one(
            {"_id": batch["_id"]},
            {
                "$set": {
                    "assignee": person, "status": "S", "completed_at": done,
                    "metadata.assigned_at": given, "created_at": given - timedelta(days=1),
                },
                "$push": {"history": {"$each": [
                    event(given, "assignee", None, person), event(done, "status", "NS", "S"),
                ]}},
            },
        )  # fmt: skip
    yield
    put_back(batches, before)


def event(at: datetime, field: str, old: Any, new: Any) -> dict[str, Any]:
    change = {"field": field, "old": old, "new": new}
    return {"at": at, "who": "prueba", "channel": "web", "operation": f"{at}", "changes": [change]}


def test_the_pictures_and_the_tables_tell_the_same(page: Page, past_weeks: None) -> None:
    page.goto("/dashboard")
    page.get_by_role("link", name="Métricas").first.click()
    expect(page.get_by_role("heading", name="Métricas")).to_be_visible()
    expect(page.locator(".fact").first).to_contain_text("24")
    chart = page.get_by_label(re.compile("terminados en cada semana")).first
    expect(chart.locator("rect")).to_have_count(12)
    expect(chart).to_contain_text("Batches terminados")
    numbers = chart.locator(".chart__number").all_text_contents()
    assert numbers == [str(EACH)] * WEEKS
    behind = page.locator(".behind").first
    behind.locator("summary").focus()
    page.keyboard.press("Enter")
    done = behind.locator("tbody td:nth-child(3)").all_text_contents()
    assert [text for text in done if text != "0"] == numbers
    expect(page.locator(".forecast__range")).to_contain_text(re.compile("Entre el|Hacia el"))
    page.get_by_text("Cómo se calcula y qué no sabe").click()
    expect(page.locator(".how__text")).to_contain_text("Semanas usadas: 4, 4, 4, 4, 4, 4")


def test_a_row_leads_to_the_figures_of_a_person_and_they_leave_as_a_file(
    page: Page, past_weeks: None
) -> None:
    page.goto("/metrics")
    page.locator(".who").get_by_role("link", name="Flor").click()
    expect(page).to_have_url(re.compile("person=Flor"))
    expect(page.locator(".fact").first).to_contain_text("12")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    assert download.value.suggested_filename.startswith("metricas_semanas_")


def test_what_cannot_be_shown_is_said_and_the_rest_is_there(page: Page, watch: Any) -> None:
    watch.expect("status of 400")
    page.goto("/metrics?weeks=doce")
    expect(page.get_by_role("alert")).to_contain_text("weeks: «doce»")
    expect(page.locator("svg.chart").first).to_be_visible()


def test_without_past_weeks_it_says_what_is_missing(page: Page) -> None:
    page.goto("/metrics")
    expect(page.locator(".forecast__range")).to_have_text("No hay datos suficientes")
    expect(page.get_by_text("Hacen falta 4 semanas completas")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_needs_no_script(
    open_page: OpenPage, viewer_cookies: Cookies, past_weeks: None, scheme: str
) -> None:
    page = open_page(
        viewer_cookies, viewport={"width": 360, "height": 740}, color_scheme=scheme,
        java_script_enabled=scheme == "light",
    )  # fmt: skip
    page.goto("/metrics")
    expect(page.locator(".chart--narrow").first).to_be_visible()
    expect(page.locator(".chart--wide").first).to_be_hidden()
    if scheme == "light":
        assert page.evaluate(SIDEWAYS) <= 0
    expect(page.get_by_text("Por persona")).to_be_visible()


def test_on_paper_there_are_figures_and_no_controls(page: Page, past_weeks: None) -> None:
    page.goto("/metrics")
    page.emulate_media(media="print")
    expect(page.locator(".sift")).to_be_hidden()
    expect(page.get_by_role("button", name="Imprimir")).to_be_hidden()
    expect(page.locator(".chart--narrow").first).to_be_visible()
    expect(page.locator(".who tfoot")).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".how__text")).to_contain_text("No sabe de vacaciones")
    expect(page.locator(".how__text")).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".how__text")).to_be_hidden()
