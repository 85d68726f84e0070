"""The report of an import offers to undo it, once."""

import re

import pytest
from django.test import Client

from batches.models import Batch
from segmentacion.mongo.clients import main_collection
from tests.exports.data_pages import upload

pytestmark = pytest.mark.usefixtures("backup_folder")


def test_the_report_undoes_the_import_and_then_offers_it_no_more(lead_client: Client) -> None:
    plan = upload(lead_client, "id\nbatch_1\nbatch_2\n")
    done = lead_client.post(plan, {}, follow=True)
    (operation,) = re.findall(r'data-undo="([^"]+)"', done.content.decode())
    answer = lead_client.post(f"/api/undo/{operation}").json()
    assert (answer["restored"], answer["refused"]) == (2, [])
    assert main_collection(Batch.COLLECTION).count_documents({}) == 0
    report = str(done.redirect_chain[-1][0])  # type: ignore[attr-defined]
    assert "data-undo" not in lead_client.get(report).content.decode()


def test_an_import_that_changed_nothing_offers_no_undo(lead_client: Client) -> None:
    lead_client.post(upload(lead_client, "id\nbatch_1\n"), {}, follow=True)
    again = lead_client.post(upload(lead_client, "id\nbatch_1\n"), {}, follow=True)
    assert "data-undo" not in again.content.decode()
