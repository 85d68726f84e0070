"""The invented weeks of the demonstration: by the rules, in the past, and enough for a forecast."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from batches.models import Batch
from segmentacion.mongo.clients import main_collection

pytestmark = pytest.mark.usefixtures("mongo")


def test_the_demonstration_can_have_a_past(lead_client: Client) -> None:
    call_command("load_demo", "--past-weeks", "8", stdout=StringIO())
    answer = lead_client.get("/api/metrics/summary").json()
    assert answer["figures"]["done"] > 40
    assert answer["forecast"]["outcome"] == "range"
    assert answer["figures"]["rejected"] > 0
    burnup = lead_client.get("/api/metrics/burnup").json()["weeks"]
    counted = main_collection(Batch.COLLECTION).count_documents({"status": "S"})
    assert (burnup[-1]["total"], burnup[-1]["finished"]) == (429, counted)
    for batch in main_collection(Batch.COLLECTION).find({"version": {"$gt": 1}}):
        times = [event["at"] for event in batch["history"]]
        assert times == sorted(times)
        assert times[-1] < timezone.now()
        assert batch["version"] == len(times)


def test_without_being_asked_it_has_none() -> None:
    call_command("load_demo", stdout=StringIO())
    assert main_collection(Batch.COLLECTION).count_documents({"version": {"$gt": 1}}) == 0
