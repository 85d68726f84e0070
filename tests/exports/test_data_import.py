"""Importing batches from «Datos»: the plan, what of the invalid rows, the word, then the change."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crew.services import add_person
from exports.rules.jobs import LIMITED, JobKind
from exports.services import importing
from exports.services.jobs import starting
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


def workbook(comment: str) -> bytes:
    """Return a workbook of one batch. Its cells hardly take any room packed."""
    book = openpyxl.Workbook()
    book.active.append(["id", "comentarios"])
    for number in range(100):
        book.active.append([f"batch_{number}", comment])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def swollen(size: int) -> bytes:
    """Return a workbook with one cell of so many bytes, which take a thousandth packed."""
    whole = workbook("x")
    cell = b'<row r="1"><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * size)
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/"):
                start, end = part.split(b"<sheetData>")[0], part.split(b"</sheetData>")[1]
                part = start + b"<sheetData>" + cell + b"</sheetData>" + end
            archive.writestr(name, part)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("larga.csv", b"id\n" + b"".join(b"batch_%d\n" % n for n in range(30_000))),
        ("bomba.xlsx", swollen(importing.LIGHT_UNPACKED)),
    ],
)
def test_a_big_file_is_read_by_another_process_than_the_one_that_answers(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    spawned: list[str] = []
    monkeypatch.setattr(starting, "spawn", spawned.append)
    monkeypatch.setattr(importing, "read_content", lambda *_: pytest.fail("read where it is asked"))
    page = post(lead_client, "/data-management/importar", file=SimpleUploadedFile(name, content))
    assert "Leer una lista de batches" in page
    assert len(spawned) == 1


def test_a_big_file_that_was_read_leads_to_its_plan(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LIGHT", 10)
    job = upload(lead_client, "id\nbatch_1\nbatch_2\n")
    answer = lead_client.get(job, headers={"hx-request": "true"})
    plan = answer.headers["HX-Redirect"]
    assert lead_client.get(job).url == plan  # type: ignore[attr-defined]
    assert "Nuevos 2" in shown(lead_client, plan)


def test_a_big_file_that_cannot_be_read_says_so_and_is_not_kept(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LIGHT", 10)
    job = upload(lead_client, "nada\n" * 10)
    assert "columna de los batches" in shown(lead_client, job)
    assert main_collection(importing.COLLECTION).count_documents({}) == 0


def test_a_process_that_reads_for_a_page_has_so_much_memory_and_no_more(tmp_path: Path) -> None:
    assert {JobKind.READ, JobKind.IMPORT} <= LIMITED.keys()
    code = (
        "from segmentacion.memory import limit_memory; from batches.services.reading import "
        "read_content; import sys; content = open(sys.argv[1], 'rb').read(); "
        "limit_memory(160 << 20); read_content('x.xlsx', content)"
    )
    (tmp_path / "bomba.xlsx").write_bytes(swollen(30 << 20))
    command = [sys.executable, "-c", code, str(tmp_path / "bomba.xlsx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "MemoryError" in done.stderr
