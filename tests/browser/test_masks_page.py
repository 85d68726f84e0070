"""The masks page: syncing by hand, runs that were refused, and a store that is away."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pymongo import MongoClient
from pymongo.collection import Collection

from tests.browser.conftest import Cookies, OpenPage, cookies_of
from tests.browser.restoring import put_back
from tests.browser.watching import Watch
from tests.site import Site, manage

Files = Collection[dict[str, Any]]

REFUSED = "quitaría la marca a"
AWAY = "no responde: no se cambió nada"
ALL_PLACED = "archivos del almacén tienen su batch"
NOWHERE = "mongodb://127.0.0.1:1/"
FIRST_SYNC = """
from django.core.management import call_command
for command in ("migrate", "load_demo", "sync_masks"):
    call_command(command)
"""
ODD_FILES: list[dict[str, Any]] = [
    {"filename": "apuntes sueltos.tar.xz"},
    {"filename": "masks_batch_T000082.tar.xz", "metadata": {"batch_id": "batch_T000114"}},
    {"filename": "masks_batch_T999999.tar.xz"},
]


@pytest.fixture
def files(site: Site, mongo_client: "MongoClient[dict[str, Any]]") -> Iterator[Files]:
    """The store's files; afterwards they are those of the first day again, synced."""
    files = mongo_client["QUALITY_IEMSA"]["training_metrics.masks.files"]
    before = list(files.find())
    yield files
    put_back(files, before)
    assert site.visitor().send("POST", "/api/sync-batch-files", {}).status == 200


@pytest.fixture
def most_gone(files: Files) -> Files:
    """Other programs lost the files of most batches."""
    kept = [file["_id"] for file in files.find().sort("filename", 1).limit(30)]
    files.delete_many({"_id": {"$nin": kept}})
    return files


def sync_now(page: Page) -> None:
    page.goto("/masks")
    page.get_by_role("button", name="Sincronizar ahora").click()


def result(page: Page) -> Any:
    return expect(page.locator('#sync-answer [data-part="result"]'))


def test_the_button_says_how_it_went_and_the_run_is_listed(page: Page) -> None:
    sync_now(page)
    result(page).to_contain_text("Hecha. 58 batches con máscaras, 0 cambios")
    newest = page.locator(".runs tbody tr").first
    expect(newest).to_contain_text("Hecha")
    expect(newest).to_contain_text("125")
    expect(newest).to_contain_text("admin")
    expect(page.locator("main")).to_contain_text(ALL_PLACED)


def test_the_newest_files_lead_to_their_batch(page: Page) -> None:
    page.goto("/masks")
    expect(page.locator(".files tbody tr")).to_have_count(50)
    link = page.locator(".files .file-batch").first
    batch = link.inner_text()
    link.click()
    page.wait_for_url(f"**/batch/{batch}")


def test_filters_are_a_sentence_in_the_address_and_can_be_taken_away(page: Page) -> None:
    page.goto("/masks")
    page.locator("#search").fill("masks_batch_T")
    expect(page.locator("#list-count")).to_contain_text("de 125")
    page.get_by_text("Veredicto", exact=True).first.click()
    page.get_by_role("checkbox", name="sin verificar").check()
    page.wait_for_url("**/masks?*verdict=none*")
    chips = page.get_by_role("list", name="Filtros activos")
    expect(chips).to_contain_text("«masks_batch_T»")
    chips.get_by_role("link", name="Limpiar").click()
    expect(page.locator("#list-count")).to_have_text("125 archivos")


def test_pages_go_on_and_come_back(page: Page) -> None:
    page.goto("/masks?per_page=50")
    first = page.locator(".files tbody th").first.inner_text()
    page.locator("#page-next").click()
    expect(page.locator("#page-first")).to_have_attribute("href", "?per_page=50")
    expect(page.locator(".files tbody th").first).not_to_have_text("")
    page.locator("#page-previous").click()
    expect(page.locator("#page-first")).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".files tbody th").first).to_have_text(first)


def test_batches_that_are_missing_are_named_before_they_are_created(
    page: Page, files: Files, mongo_client: "MongoClient[dict[str, Any]]"
) -> None:
    batches = mongo_client["segmentacion_db"]["batches"]
    files.insert_one({"filename": "masks_batch_T999999.tar.xz"})
    sync_now(page)
    result(page).to_contain_text("Hecha.")
    page.get_by_role("button", name="Crear batches que faltan (1)").click()
    dialog = page.get_by_role("dialog", name="Crear los batches que faltan")
    expect(dialog).to_contain_text("batch_T999999 · 1 archivo")
    dialog.get_by_role("button", name="Crear 1 batch").click()
    expect(page.locator("#toasts")).to_contain_text("1 batch creado")
    expect(page.get_by_role("button", name="Crear batches que faltan")).to_have_count(0)
    created = batches.find_one({"id": "batch_T999999"})
    assert created is not None
    assert created["mongo_uploaded"] is True
    batches.delete_one({"id": "batch_T999999"})


def test_a_reconciliation_names_what_does_not_agree(page: Page) -> None:
    page.goto("/masks")
    page.get_by_role("link", name="Conciliación").click()
    page.get_by_role("button", name="Revisar ahora").click()
    expect(page.locator(".findings")).to_contain_text("Archivos sin verificar")
    page.locator(".finding").filter(has_text="Archivos sin verificar").get_by_role("link").click()
    expect(page.locator("#list-count")).to_contain_text("125")


def test_a_viewer_may_sync_too(open_page: OpenPage, viewer_cookies: Cookies) -> None:
    page = open_page(viewer_cookies)
    sync_now(page)
    result(page).to_contain_text("Hecha.")


def test_names_without_batch_conflicts_and_unknown_batches_are_listed(
    page: Page, files: Files
) -> None:
    files.insert_many([dict(file) for file in ODD_FILES])
    sync_now(page)
    result(page).to_contain_text("Hecha.")
    loose = page.get_by_role("region", name="Nombres sin batch")
    expect(loose).to_contain_text("apuntes sueltos.tar.xz")
    missing = page.get_by_role("region", name="Archivos de batches que no existen")
    expect(missing).to_contain_text("batch_T999999")
    conflicts = page.get_by_role("region", name="Conflictos")
    expect(conflicts).to_contain_text("nombre: batch_T000082 · metadatos: batch_T000114")


def test_a_run_that_would_clear_too_much_is_refused_and_says_why(
    page: Page, most_gone: Files, watch: Watch
) -> None:
    watch.expect("status of 409")
    sync_now(page)
    result(page).to_contain_text("Frenada.")
    result(page).to_contain_text(REFUSED)
    expect(page.locator(".runs tbody tr").first).to_contain_text(REFUSED)
    expect(page.locator(".sync-chip")).to_contain_text("Sincronización frenada")
    expect(page.locator("main")).not_to_contain_text(ALL_PLACED)


def test_the_lead_forces_it_by_typing_the_word(page: Page, most_gone: Files, watch: Watch) -> None:
    watch.expect("status of 409")
    sync_now(page)
    page.locator('[data-part="force"]').click()
    dialog = page.get_by_role("dialog", name="Sincronizar de todos modos")
    expect(dialog).to_contain_text("dejarán de aparecer como «Cargado a Mongo»")
    submit = dialog.get_by_role("button", name="Sincronizar de todos modos")
    dialog.get_by_role("textbox").fill("sincronizar")
    expect(submit).to_be_disabled()
    dialog.get_by_role("textbox").fill("SINCRONIZAR")
    submit.click()
    result(page).to_contain_text("Hecha.")
    expect(page.locator(".runs tbody tr").first).to_contain_text("sin frenos")


def test_forcing_can_be_left(page: Page, most_gone: Files, watch: Watch) -> None:
    watch.expect("status of 409")
    sync_now(page)
    page.locator('[data-part="force"]').click()
    page.get_by_role("dialog").get_by_role("button", name="Cancelar").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    result(page).to_contain_text("Frenada.")


def test_a_viewer_is_told_why_and_is_offered_no_force(
    open_page: OpenPage, viewer_cookies: Cookies, most_gone: Files, watch: Watch
) -> None:
    watch.expect("status of 409")
    page = open_page(viewer_cookies)
    sync_now(page)
    result(page).to_contain_text(REFUSED)
    expect(page.locator('[data-part="force"], #force-dialog')).to_have_count(0)


def test_the_dashboard_says_that_a_run_was_refused(
    page: Page, most_gone: Files, watch: Watch
) -> None:
    watch.expect("status of 409")
    page.goto("/dashboard")
    strip = page.locator("#sync-strip")
    expect(strip).to_contain_text("La sincronización se frenó")
    expect(strip).to_contain_text("Última buena: ")
    expect(page.locator("#list-count")).to_contain_text("429")


@pytest.fixture(scope="module")
def without_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that synced once, and whose store is where nobody listens now."""
    site = Site(tmp_path_factory.mktemp("without-store"), workers=1)
    done = manage("shell", "-c", FIRST_SYNC, env=site.env)
    assert done.returncode == 0, done.stderr
    site.settings = {"TRAINING_MONGO_URI": NOWHERE}
    site.start()
    yield site
    site.stop()


@pytest.fixture
def storeless(open_page: OpenPage, without_store: Site, watch: Watch) -> Page:
    watch.expect("status of 503")
    cookies = cookies_of(without_store.visitor())
    return open_page(cookies, base_url=without_store.url)


def test_without_the_store_the_dashboard_works_and_says_what_failed(storeless: Page) -> None:
    storeless.goto("/dashboard?uploaded=true")
    expect(storeless.locator("#list-count")).to_contain_text("58")
    strip = storeless.locator("#sync-strip")
    expect(strip).to_contain_text("No se pudo sincronizar")
    expect(strip).to_contain_text(AWAY)
    expect(strip).to_contain_text("Última buena: ")
    expect(storeless.locator(".sync-chip")).to_contain_text("última buena")


def test_without_the_store_the_masks_page_says_so_and_shows_the_runs(storeless: Page) -> None:
    storeless.goto("/masks")
    expect(storeless.get_by_role("alert")).to_contain_text("El almacén de máscaras no responde")
    expect(storeless.locator(".runs tbody")).to_contain_text("Hecha")
    expect(storeless.locator("main")).not_to_contain_text(ALL_PLACED)
    storeless.get_by_role("button", name="Sincronizar ahora").click()
    result(storeless).to_contain_text("Falló.")
    result(storeless).to_contain_text(AWAY)
