"""Backups from «Datos»: made, checked, compared, downloaded, removed; for the lead alone."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crew.rules import Role
from exports.services import jobs
from exports.services.backups import keeping, records
from segmentacion.mongo.clients import main_collection
from tests.exports.data_pages import make, post, shown
from tests.factories import make_batch

pytestmark = pytest.mark.usefixtures("backup_folder")


def test_without_backups_the_page_says_what_they_are_for(lead_client: Client) -> None:
    assert "Todavía no hay respaldos" in shown(lead_client)


def test_a_backup_is_made_listed_checked_and_downloaded(
    lead_client: Client, backup_folder: Path
) -> None:
    make_batch("batch_1")
    record = make(lead_client)
    assert record["name"] in shown(lead_client)
    assert "está entero" in post(
        lead_client, f"/data-management/respaldos/{record['id']}/comprobar"
    )
    answer: Any = lead_client.get(f"/data-management/respaldos/{record['id']}/descargar")
    assert b"".join(answer.streaming_content) == (backup_folder / record["name"]).read_bytes()


def test_a_backup_that_rotted_is_found_when_it_is_checked(
    lead_client: Client, backup_folder: Path
) -> None:
    make_batch("batch_1")
    record = make(lead_client)
    file = backup_folder / record["name"]
    file.write_bytes(file.read_bytes().replace(b"batch_1", b"batch_7", 1))
    page = post(lead_client, f"/data-management/respaldos/{record['id']}/comprobar")
    assert f"{record['name']}: está dañado" in page
    assert "no sirve" in shown(lead_client)
    assert keeping.find(record["id"])["verdict"] == records.Verdict.FAILED


def test_removing_asks_for_the_word_and_spares_the_last_good_one(
    lead_client: Client, backup_folder: Path
) -> None:
    first = make(lead_client)
    address = f"/data-management/respaldos/{first['id']}/eliminar"
    assert "el último respaldo bueno y no se elimina" in post(lead_client, address, word="ELIMINAR")
    make(lead_client)
    assert "Escribe ELIMINAR" in post(lead_client, address, word="sí")
    assert (backup_folder / first["name"]).exists()
    assert "se eliminó" in post(lead_client, address, word="ELIMINAR")
    assert not (backup_folder / first["name"]).exists()
    assert [record["id"] for record in keeping.listed()] != [first["id"]]


def test_comparing_tells_what_changed_per_batch_and_field(lead_client: Client) -> None:
    make_batch("batch_1", comments="antes")
    make_batch("batch_2")
    first = make(lead_client)
    batches = main_collection("batches")
    batches.update_one(
        {"id": "batch_1"}, {"$set": {"comments": "después", "metadata.priority": "alta"}}
    )
    batches.delete_one({"id": "batch_2"})
    make_batch("batch_3")
    both = [first["id"], make(lead_client)["id"]]
    page = post(lead_client, "/data-management/comparar", backup=both)
    assert "Batches 1 1 1 0" in page
    assert "batch_1 Batch cambiado Notas: antes → a después Prioridad: media → a alta" in page
    assert "batch_3 Batch nuevo" in page
    assert "batch_2 Batch quitado" in page


def test_only_two_are_compared(lead_client: Client) -> None:
    record = make(lead_client)
    page = post(lead_client, "/data-management/comparar", backup=[record["id"]])
    assert "Elige dos respaldos" in page


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.SEGMENTER, Role.VIEWER])
def test_only_the_lead_comes_in(client_of: Any, lead_client: Client, role: Role) -> None:
    client, record = client_of(role), make(lead_client)
    key = jobs.recent()[0]["id"]
    for path in ("", f"/respaldos/{record['id']}", f"/respaldos/{record['id']}/descargar",
                 f"/trabajos/{key}"):  # fmt: skip
        assert client.get(f"/data-management{path}").status_code == 403
    for path in ("respaldar", "comparar", "importar", "restaurar", f"trabajos/{key}/restaurar",
                 f"respaldos/{record['id']}/eliminar"):  # fmt: skip
        assert client.post(f"/data-management/{path}", {"word": "ELIMINAR"}).status_code == 403
    assert "data-management" not in client.get("/dashboard").content.decode()
