"""What a lead is told of the sync on the first day, and that a real brake still shows as one."""

import pytest
from django.test import Client

from exports.queries.system.work import read_work
from masks import queries, store
from masks.services.sync import SyncRefusedError, run_sync
from segmentacion.actors import SYNC_ACTOR
from tests.factories import make_batch, put_files

pytestmark = pytest.mark.usefixtures("mongo")


def refused_sync() -> None:
    with pytest.raises(SyncRefusedError):
        run_sync(actor=SYNC_ACTOR)


def test_an_empty_installation_is_told_calmly(lead_client: Client) -> None:
    refused_sync()
    page = lead_client.get("/dashboard").content.decode()
    assert "Sin sincronizar todavía" in page
    assert "Sincronización frenada" not in page
    assert 'data-kind="failed"' not in page
    assert (read_work().sync_failed, read_work().nothing_yet) == ("", True)


def test_with_batches_an_empty_store_is_a_brake(lead_client: Client) -> None:
    make_batch("batch_1")
    refused_sync()
    page = lead_client.get("/dashboard").content.decode()
    assert "Sincronización frenada" in page
    assert 'data-kind="failed"' in page
    assert "vacío" in read_work().sync_failed


def test_a_store_that_was_good_and_is_empty_is_a_brake_though_no_batch_is_left(
    lead_client: Client,
) -> None:
    put_files(["batch_1.zip"])
    run_sync(actor=SYNC_ACTOR)
    store.files().delete_many({})
    refused_sync()
    assert not queries.sync_state().nothing_yet
    assert "Sincronización frenada" in lead_client.get("/masks").content.decode()
