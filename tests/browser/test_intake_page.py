"""`/intake`: images go through while somebody looks, and wait when MongoDB is away."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from masks.intake.rules import Folder
from tests.browser.conftest import Cookies, OpenPage, cookies_of
from tests.browser.watching import Watch
from tests.intake.pictures import save, scene
from tests.site import Site
from tests.waiting import until

IMAGES = 20
PATIENCE_MS = 120_000
DOWN = "MongoDB no responde"


@pytest.fixture(scope="module")
def intake_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty installation with folders and a mongod of its own."""
    folder = tmp_path_factory.mktemp("intake")
    settings = {"DATA_DIRECTORY": str(folder / "data"), "INTAKE_SETTLE_SECONDS": "0"}
    site = Site(folder, demo=False, settings=settings)
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def cookies(intake_site: Site) -> Cookies:
    return cookies_of(intake_site.visitor())


@pytest.fixture
def data(intake_site: Site) -> Path:
    return Path(intake_site.settings["DATA_DIRECTORY"])


@pytest.fixture
def intake(intake_site: Site, open_page: OpenPage, cookies: Cookies) -> Page:
    """The page, as the lead sees it."""
    page = open_page(cookies, base_url=intake_site.url)
    page.goto("/intake")
    return page


def put(data: Path, *names: str) -> None:
    """Put images into source, each of its own content."""
    (data / "source").mkdir(parents=True, exist_ok=True)
    for name in names:
        tint = Image.new("RGB", (300, 200), tuple(crc32(name.encode()).to_bytes(4)[1:]))
        blended = Image.blend(scene((300, 200)), tint, 0.3)
        ready = save(blended, data / f"{name}.part", format="PNG")
        ready.rename(data / "source" / name)


def names(data: Path, folder: str) -> set[str]:
    found = (data / folder).iterdir() if (data / folder).is_dir() else ()
    return {path.name for path in found if not path.name.startswith(".")}


def everywhere(data: Path) -> list[str]:
    return [name for folder in Folder for name in names(data, folder)]


def figure(page: Page, name: str) -> Any:
    return page.locator(f"[data-figure={name}]")


def test_before_the_first_image_the_page_says_what_it_is_for(intake: Page) -> None:
    expect(intake.get_by_role("heading", level=1)).to_have_text("Imágenes")
    expect(intake.locator(".empty")).to_contain_text("Todavía no hay imágenes")


def test_20_images_go_through_although_mongod_stops_in_the_middle(
    intake: Page, intake_site: Site, data: Path, watch: Watch
) -> None:
    watch.expect("status of (503|409)")  # 409: the turn before has not noticed yet
    wanted = {f"img_{number:03}.png" for number in range(1, IMAGES + 1)}
    put(data, *sorted(wanted))
    expect(figure(intake, "queue")).to_have_text("20")
    intake.get_by_role("button", name="Procesar y subir todas").click()
    until(lambda: names(data, "images_old"), "the first image is through", pause=0.02)

    mongod = intake_site.mongod()
    mongod.suspend()
    trouble = intake.locator("#intake-trouble")
    expect(trouble).to_contain_text(DOWN, timeout=PATIENCE_MS)
    expect(trouble).to_contain_text("Ninguna imagen se perdió")
    assert Counter(everywhere(data)) == Counter(wanted)
    assert names(data, "images_old") != wanted

    mongod.kill()  # its guard starts another
    intake_site.wait_until_up()
    expect(trouble).to_be_hidden(timeout=PATIENCE_MS)
    expect(figure(intake, "archived")).to_have_text("20", timeout=PATIENCE_MS)
    expect(intake.locator("#toasts")).to_contain_text("Hecho.", timeout=PATIENCE_MS)
    assert names(data, "images_old") == wanted
    assert names(data, "source") == names(data, "images_sources") == set()
    expect(figure(intake, "queue")).to_have_text("0")
    expect(intake.locator("#intake-done li")).to_have_count(12)


def test_a_poisonous_image_says_why_lets_others_pass_and_is_tried_again_when_mended(
    intake: Page, data: Path
) -> None:
    put(data, "sana.png")
    (data / "source" / "mala.png").write_text("hola")
    intake.get_by_role("button", name="Procesar y subir todas").click()
    failed = intake.locator("#intake-failed li", has_text="mala.png")
    expect(failed).to_contain_text("No es una imagen", timeout=PATIENCE_MS)
    expect(intake.locator("#toasts")).to_contain_text("1 tiene problemas", timeout=PATIENCE_MS)
    assert "sana.png" in names(data, "images_old")

    save(scene((90, 60)), data / "images_sources" / "mala.png")
    failed.get_by_role("button", name="Reintentar").click()
    expect(intake.locator("[data-part=current]")).to_have_text("mala.png")
    intake.get_by_role("button", name="Procesar", exact=True).click()
    intake.get_by_role("button", name="Subir y archivar").click(timeout=PATIENCE_MS)
    expect(intake.locator("#toasts")).to_contain_text("confirmada y archivada", timeout=PATIENCE_MS)
    assert names(data, "images_sources") == set()
    expect(intake.locator("#intake-failed")).to_have_count(0)


def test_the_mask_lies_over_the_picture_and_can_be_taken_off(intake: Page, data: Path) -> None:
    put(data, "vista.png")
    intake.get_by_role("button", name="Procesar la siguiente").click()
    mask = intake.locator("[data-mask] img")
    expect(mask).to_be_visible(timeout=PATIENCE_MS)
    for picture in (mask, intake.locator(".picture__image")):
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") == 300
    intake.get_by_label("Opacidad de la máscara").fill("30")
    expect(intake.locator("[data-mask]")).to_have_css("opacity", "0.3")
    intake.get_by_label("Primera máscara").uncheck()
    expect(mask).to_be_hidden()


def test_a_phone_shows_it_without_scrolling_sideways(intake: Page, data: Path) -> None:
    put(data, "un-nombre-muy-largo-" + "x" * 100 + ".png")
    intake.set_viewport_size({"width": 360, "height": 740})
    expect(intake.locator("#intake-queue")).to_contain_text("un-nombre-muy-largo")
    assert intake.evaluate("document.documentElement.scrollWidth") == 360


def test_archiving_by_force_asks_for_the_word_and_says_that_it_was_forced(
    intake: Page, data: Path
) -> None:
    expect(intake.locator("[data-part=current]")).to_have_text("vista.png")
    intake.get_by_role("button", name="Archivar a la fuerza…").click()
    dialog = intake.locator("#force-archive")
    expect(dialog).to_contain_text("vista.png")
    confirm = dialog.get_by_role("button", name="Archivar a la fuerza")
    expect(confirm).to_be_disabled()
    dialog.get_by_label("Escribe ARCHIVAR para confirmar").fill("ARCHIVAR")
    confirm.click()
    expect(intake.locator("#toasts")).to_contain_text("pasó a images_old sin confirmarse")
    expect(intake.locator("#intake-done li").first).to_contain_text("a la fuerza")
    assert "vista.png" in names(data, "images_old")
