"""`/mi-trabajo`: a person's own batches, in order, and what is done with them."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from tests.factories import batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("team")

SCRIPT = "<script>alert(1)</script>"


def text(client: Client, path: str = "/mi-trabajo") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def order(page: str) -> list[str]:
    return re.findall(r'data-batch="([^"]+)"', page)


def due(day: int) -> datetime:
    return datetime(2025, 10, day, tzinfo=UTC)


def test_returned_ones_come_first_then_priority_then_due_date(flor_client: Client) -> None:
    rejected = {"metadata__review_status": "No Aprobado", "metadata__review_comment": "El borde"}
    make_batches(
        [
            batch_document("media_sin_fecha", assignee="Flor"),
            batch_document("alta_9", assignee="Flor", metadata__priority="alta",
                           metadata__due_date=due(9)),
            batch_document("alta_sin_fecha", assignee="Flor", metadata__priority="alta"),
            batch_document("alta_3", assignee="Flor", status="In", metadata__priority="alta",
                           metadata__due_date=due(3)),
            batch_document("rara", assignee="Flor", metadata__priority="urgente"),
            batch_document("baja", assignee="Flor", metadata__priority="baja",
                           metadata__due_date=due(1)),
            batch_document("devuelto", assignee="Flor", status="In", metadata__priority="baja",
                           **rejected),
            batch_document("terminado", assignee="Flor", status="S"),
            batch_document("ajeno", assignee="Ceci"),
        ]
    )  # fmt: skip
    page = text(flor_client)
    assert order(page) == [
        "devuelto", "alta_3", "alta_9", "alta_sin_fecha", "media_sin_fecha", "baja", "rara",
    ]  # fmt: skip
    assert "El borde" in page
    assert "vencido hace" in page


def test_it_counts_what_is_open_returned_and_finished(flor_client: Client) -> None:
    rejected = {"metadata__review_status": "No Aprobado", "metadata__review_comment": "x"}
    make_batches(
        [
            batch_document("a", assignee="Flor"),
            batch_document("b", assignee="Flor", status="In", **rejected),
            batch_document("c", assignee="Flor", status="S"),
        ]
    )
    page = text(flor_client)
    counts = re.findall(r'id="own-(\w+)">(\d+)', page)
    assert counts == [("open", "2"), ("returned", "1"), ("finished", "1")]
    assert " / 5" in page


def test_long_lists_come_in_pages(flor_client: Client) -> None:
    make_batches([batch_document(f"batch_{n:03d}", assignee="Flor") for n in range(60)])
    make_batches([batch_document(f"s_{n:03d}", assignee="Flor", status="S") for n in range(30)])
    assert order(text(flor_client)) == [f"batch_{n:03d}" for n in range(50)]
    rest = order(text(flor_client, "/mi-trabajo?page=2"))
    assert rest == [f"batch_{n:03d}" for n in range(50, 60)]
    second = text(flor_client, "/mi-trabajo?finished=2")
    assert "s_029" in second
    assert "s_024" not in second


def test_a_click_without_javascript_changes_and_comes_back(flor_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    form = {"version": "1", "status": "In", "next": "/mi-trabajo"}
    answer = flor_client.post("/batch/batch_1", form)
    assert answer["Location"] == "/mi-trabajo"
    assert stored("batch_1")["status"] == "In"


def test_no_form_leads_elsewhere(flor_client: Client) -> None:
    make_batch("batch_1", assignee="Flor")
    form = {"version": "1", "status": "In", "next": "https://example.com/"}
    assert flor_client.post("/batch/batch_1", form)["Location"] == "/batch/batch_1"


def test_the_next_batch_is_taken_without_javascript(flor_client: Client) -> None:
    make_batch("batch_1")
    page = flor_client.post("/mi-trabajo", follow=True).content.decode()
    assert "batch_1 es tuyo" in page
    assert stored("batch_1")["assignee"] == "Flor"
    assert "No quedan batches sin asignar" in (
        flor_client.post("/mi-trabajo", follow=True).content.decode()
    )


def test_the_limit_is_said(flor_client: Client) -> None:
    make_batches([batch_document(f"batch_{n}", assignee="Flor") for n in range(5)])
    make_batch("batch_9")
    page = flor_client.post("/mi-trabajo", follow=True).content.decode()
    assert "el límite es 5" in page
    assert stored("batch_9")["assignee"] is None


def test_who_is_not_linked_is_told_how(lead_client: Client) -> None:
    page = text(lead_client)
    assert "no está ligada a nadie del equipo" in page
    assert "lider" in page
    assert "Dame el siguiente batch" not in page


def test_a_viewer_takes_nothing_and_has_no_link(viewer_client: Client) -> None:
    make_batch("batch_1")
    assert 'href="/mi-trabajo"' not in text(viewer_client)
    assert viewer_client.post("/mi-trabajo").status_code == 403
    assert stored("batch_1")["assignee"] is None


def test_a_stranger_is_sent_to_the_login(stranger: Client) -> None:
    assert stranger.get("/mi-trabajo")["Location"].startswith("/login")


def test_comments_and_notes_are_escaped(flor_client: Client) -> None:
    make_batch(
        f"batch_{SCRIPT}", assignee="Flor", status="In", comments=SCRIPT,
        metadata__review_status="No Aprobado", metadata__review_comment=SCRIPT,
        metadata__reviewed_by=SCRIPT,
    )  # fmt: skip
    page = text(flor_client)
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;alert(1)") > 4
