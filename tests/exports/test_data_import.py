"""Importing batches from «Datos»: the plan, what of the invalid rows, the word, then the change."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crew.services import add_person
from exports.services import importing
from segmentacion.mongo import trash
from segmentacion.mongo.clients import main_collection
from tests.exports.data_pages import kept, post, shown, upload
from tests.factories import make_batch, stored

pytestmark = pytest.mark.usefixtures("backup_folder")
CSV = "Batch ID;Responsable;Vence\nbatch_1;Flor;20/10/2025\nbatch_2;Nadie;\nnada;;\n"


def test_nothing_is_imported_until_the_plan_is_confirmed(lead_client: Client) -> None:
    add_person(name="Flor")
    page = shown(lead_client, upload(lead_client, CSV))
    assert "«Nadie» no está en el equipo" in page
    assert "Fila 4 nada" in page
    assert kept("batch_1") is None


def test_invalid_rows_stop_all_until_the_lead_says_what_of_them(lead_client: Client) -> None:
    add_person(name="Flor")
    plan = upload(lead_client, CSV)
    assert "2 filas inválidas y no se importó nada" in post(lead_client, plan, invalid="stop")
    assert kept("batch_1") is None
    assert "Creados 1" in post(lead_client, plan, invalid="skip")
    assert stored("batch_1")["assignee"] == "Flor"
    assert stored("batch_1")["history"][0]["channel"] == "web"


def test_a_replacement_asks_for_the_word_and_uses_the_trash(lead_client: Client) -> None:
    make_batch("batch_9")
    plan = upload(lead_client, '["batch_1"]', "lista.json", mode="replace")
    assert "Escribe REEMPLAZAR para reemplazar" in post(lead_client, plan, word="reemplazar")
    assert kept("batch_9") is not None
    assert "A la papelera 1" in post(lead_client, plan, word="REEMPLAZAR")
    assert (kept("batch_9"), main_collection(trash.COLLECTION).count_documents({})) == (None, 1)


def test_a_plan_that_is_older_than_the_data_is_made_again(lead_client: Client) -> None:
    plan = upload(lead_client, "id\nbatch_1\nbatch_2\n")
    make_batch("batch_1")
    assert "hay un plan nuevo" in post(lead_client, plan)
    assert kept("batch_2") is None
    assert "Nuevos 1" in shown(lead_client, plan)
    assert "Creados 1" in post(lead_client, plan)


def test_the_folders_of_images_are_a_list_too(
    lead_client: Client, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIRECTORY = tmp_path
    (tmp_path / "batch_T000044").mkdir()
    answer: Any = lead_client.post("/data-management/importar", {"source": "scan"})
    assert "Creados 1" in post(lead_client, answer.url)
    assert stored("batch_T000044")["folder"] == str(tmp_path / "batch_T000044")


def test_a_discarded_plan_is_gone_and_says_so(lead_client: Client) -> None:
    plan = upload(lead_client, "id\nbatch_1\n")
    assert "descartada" in post(lead_client, f"{plan}/descartar")
    assert "ya no está" in post(lead_client, plan)
    assert kept("batch_1") is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("lista.csv", b"", "Elige un archivo"),
        ("lista.xlsx", b"no es", "no es un archivo de Excel"),
        ("lista.json", b"{", "no es JSON válido: línea 1"),
        ("lista.csv", b"x" * (importing.MAX_BYTES + 1), "pasa de 12 MB"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_the_reason(
    lead_client: Client, name: str, content: bytes, reason: str
) -> None:
    form = {"file": SimpleUploadedFile(name, content)} if content else {}
    page = post(lead_client, "/data-management/importar", **form)
    assert "No se importó nada." in page
    assert reason in page
    assert main_collection(importing.COLLECTION).count_documents({}) == 0
