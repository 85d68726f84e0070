"""Verdicts where people see them: on batches, in histories and totals."""

import pytest
from django.test import Client

from masks.services import verdicts
from tests.factories import ACTOR, make_batch, stored
from tests.masks.archives import blank, masks, tar
from tests.masks.verified import WHOLE, catalogue, kept, put, run

pytestmark = pytest.mark.usefixtures("mongo")


def test_the_refresh_writes_only_what_differs() -> None:
    make_batch("batch_1")
    put(WHOLE, "batch_1")
    run()
    before = stored("batch_1")
    for _ in range(2):
        changed = verdicts.refresh_batch_verdicts(["batch_1"], actor=ACTOR, operation="op")
        assert (changed, stored("batch_1")) == (0, before)


def test_a_batch_whose_file_went_or_changed_loses_its_verdict() -> None:
    make_batch("batch_1")
    file_id = put(WHOLE, "batch_1")
    run()
    catalogue().update_one({"_id": file_id}, {"$set": {"length": 1}})
    assert verdicts.refresh_batch_verdicts(["batch_1"], actor=ACTOR, operation="op") == 1
    assert stored("batch_1")["mask_verdict"] is None
    assert stored("batch_1")["history"][-1]["changes"][0]["old"] == "whole"


def test_undo_passes_over_verdicts(lead_client: Client) -> None:
    make_batch("batch_1", assignee=None, version=1)
    body = {"comments": "hola", "version": 1}
    lead_client.patch("/api/batches/batch_1", body, content_type="application/json")
    operation = stored("batch_1")["history"][-1]["operation"]
    put(WHOLE, "batch_1")
    run()
    answer = lead_client.post(f"/api/undo/{operation}")
    assert answer.json()["restored"] == 1, answer.json()
    assert (stored("batch_1")["comments"], stored("batch_1")["mask_verdict"]["kind"]) == (
        "",
        "whole",
    )


def test_history_pages_say_it_in_spanish(lead_client: Client) -> None:
    make_batch("batch_1")
    put(WHOLE[:-50], "batch_1")
    run()
    for page in ("/batch/batch_1", "/historial"):
        text = lead_client.get(page).content.decode()
        assert "Veredicto de las máscaras" in text
        assert "incompleto" in text


def test_the_total_is_compared_where_asked() -> None:
    make_batch("batch_1", metadata__total_masks=5)
    file_id = put(WHOLE, "batch_1")
    run(compare_total=True)
    assert kept(file_id)["kind"] == "warning"
    assert kept(file_id)["reason"] == "tiene 3 máscaras y el batch dice 5"


def test_completed_masks_are_filled_only_where_asked() -> None:
    make_batch("batch_1", version=2)
    put(tar([*masks(4), ("nada.png", blank())]), "batch_1")
    run()
    assert stored("batch_1")["metadata"]["completed_masks"] == 0
    report = run(again=True, fill_completed=True)
    batch = stored("batch_1")
    assert (report.filled, batch["metadata"]["completed_masks"], batch["version"]) == (
        ["batch_1"], 4, 3,
    )  # fmt: skip
    assert batch["history"][-1]["channel"] == "command"
