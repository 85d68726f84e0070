"""«Datos» in the browser: an import with invalid rows, and a restore with the data back."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient
from pymongo.collection import Collection

from tests.browser.conftest import Cookies, OpenPage
from tests.browser.restoring import put_back
from tests.browser.weighing import assert_light

ID = "batch_T000168"
CSV = f"""\ufeffBatch ID;Responsable;Estatus
{ID};Flor;En proceso
batch_900001F;Nadie;
nada;;
"""
LONG_MS = 120_000  # a job is a process that starts
Documents = Collection[dict[str, Any]]


@pytest.fixture
def batches(mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[Documents]:
    """The batches, as on the first day again afterwards."""
    database = mongo_client["segmentacion_db"]
    before = list(database["batches"].find())
    yield database["batches"]
    put_back(database["batches"], before)
    for name in ("operations", "backups", "data_jobs", "pending_imports", "restores"):
        database[name].delete_many({})
    for name in ("batches", "batch_ids", "crew"):
        database["app_state"].update_one({"_id": f"version:{name}"}, {"$inc": {"value": 1}})


def finished(page: Page, text: str) -> None:
    """Wait until the job on the page says this."""
    expect(page.locator("#job")).to_contain_text(text, timeout=LONG_MS)


def back_up(page: Page) -> None:
    page.goto("/data-management")
    page.get_by_role("button", name="Respaldar ahora").click()
    finished(page, "está entero")


def note(batches: Documents) -> Any:
    batch = batches.find_one({"id": ID})
    return (batch or {}).get("comments")


def test_a_list_with_invalid_rows_is_imported_as_the_lead_chooses(
    batches: Documents, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "lista.csv"
    file.write_text(CSV, encoding="utf-8")
    page.goto("/dashboard")
    page.get_by_role("link", name="Datos", exact=True).click()
    page.get_by_label("Archivo JSON, CSV o XLSX").set_input_files(file)
    page.get_by_role("button", name="Ver el plan").click()
    expect(page.locator("main")).to_contain_text("«Nadie» no está en el equipo")
    assert_light(page)
    page.get_by_role("button", name="Aplicar a 1 batch").click()
    expect(page.get_by_role("status").first).to_contain_text("no se importó nada")
    page.get_by_label("Dejarlas fuera").check()
    page.get_by_role("button", name="Aplicar a 1 batch").click()
    finished(page, "Importado.")
    batch = batches.find_one({"id": ID})
    assert batch is not None
    assert (batch["assignee"], batch["status"]) == ("Flor", "In")
    assert batches.count_documents({"id": "batch_900001F"}) == 0
    page.goto(f"/historial/{batch['history'][-1]['operation']}", wait_until="load")
    assert_light(page)


def test_a_backup_is_compared_restored_with_the_word_and_taken_back(
    batches: Documents, page: Page
) -> None:
    back_up(page)
    others = [batch["_id"] for batch in batches.find({"id": {"$ne": ID}}).limit(9)]
    ten = {"$or": [{"id": ID}, {"_id": {"$in": others}}]}
    batches.update_many(ten, {"$set": {"comments": "lo de después"}})
    back_up(page)
    page.goto("/data-management")
    for number in range(2):
        page.locator("input[name=backup]").nth(number).check()
    page.get_by_role("button", name="Comparar los dos").click()
    finished(page, "lo de después")
    assert_light(page)
    page.goto("/data-management")
    page.get_by_role("link", name="Abrir").nth(1).click()
    expect(page.get_by_role("button", name="Ver qué cambiaría")).to_be_visible()
    assert_light(page)
    page.get_by_role("button", name="Ver qué cambiaría").click()
    finished(page, "10 por cambiar")
    word = page.get_by_label("Escribe RESTAURAR")
    word.fill("RESTAURAR")
    word.press("Enter")
    finished(page, "Restaurado: 10 cambios.")
    assert note(batches) == ""
    page.get_by_role("button", name="Volver a como estaba").click()
    page.wait_for_url(re.compile(r"/trabajos/"))
    page.get_by_label("Escribe RESTAURAR").fill("RESTAURAR", timeout=LONG_MS)
    page.get_by_role("button", name="Restaurar").click()
    finished(page, "Restaurado: 10 cambios.")
    assert note(batches) == "lo de después"
    assert batches.count_documents({"comments": "lo de después"}) == 10


def test_it_works_without_javascript_and_on_a_phone(
    batches: Documents, open_page: OpenPage, lead_cookies: Cookies
) -> None:
    size = {"width": 360, "height": 740}
    page = open_page(lead_cookies, java_script_enabled=False, viewport=size)
    page.goto("/data-management")
    page.get_by_label("De las carpetas").check()
    page.get_by_role("button", name="Respaldar ahora").click()
    for _again in range(600):  # each answer of the server takes its time
        if "está entero" in page.content():
            break
        page.get_by_role("link", name="Ver cómo va").click()
    assert "está entero" in page.content()
    for path in ("/data-management", page.url):
        page.goto(path)
        box = page.locator("main").bounding_box()
        assert box is not None
        assert box["width"] <= size["width"]
