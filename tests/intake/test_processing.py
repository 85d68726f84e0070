"""Processing of images in a child process: what comes out, and what cannot do harm."""

import hashlib
import os
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from masks.intake.processing import ProcessingError, ProcessingResult, otsu, process
from tests.intake import pictures
from tests.intake.pictures import save, scene
from tests.waiting import until

MEMORY_MB = 128
SECONDS = 60.0
OURS = "tests.intake.processors."


def run(path: Path, **options: object) -> ProcessingResult:
    given = {"seconds": SECONDS, "memory_mb": MEMORY_MB} | options
    return process(path, **given)  # type: ignore[arg-type]


def refusal(path: Path, **options: object) -> ProcessingError:
    with pytest.raises(ProcessingError) as caught:
        run(path, **options)
    return caught.value


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(BytesIO(data))


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@given(st.lists(st.integers(0, 1_000), min_size=2, max_size=32))
def test_otsu_s_threshold_divides_best(histogram: list[int]) -> None:
    found = otsu.threshold(histogram)
    if sum(count > 0 for count in histogram) < 2:
        assert found is None
        return
    assert found is not None
    best = max(variance(histogram, level) for level in range(len(histogram)))
    assert variance(histogram, found) == pytest.approx(best)


def variance(histogram: list[int], level: int) -> float:
    """The variance between the classes up to this level and above it, by its definition."""
    sides = [list(enumerate(histogram))[: level + 1], list(enumerate(histogram))[level + 1 :]]
    weights = [sum(count for _, count in side) for side in sides]
    if not all(weights):
        return 0.0
    means = [
        sum(at * n for at, n in side) / weight for side, weight in zip(sides, weights, strict=True)
    ]
    return weights[0] * weights[1] * (means[0] - means[1]) ** 2


def test_an_image_is_measured_hashed_and_left_as_it_was(tmp_path: Path) -> None:
    path = save(scene((1200, 800)), tmp_path / "img_001.png")
    content = path.read_bytes()
    result = run(path)
    assert (result.width, result.height, result.format) == (1200, 800, "PNG")
    assert result.sha256 == hashlib.sha256(content).hexdigest()
    assert result.extra["bytes"] == len(content)
    assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["img_001.png"]


def test_its_preview_is_a_jpeg_of_512_pixels_at_most_and_never_enlarged(tmp_path: Path) -> None:
    preview = opened(run(save(scene((1200, 800)), tmp_path / "a.png")).preview)
    assert (preview.format, preview.size) == ("JPEG", (512, 341))
    assert opened(run(save(scene((100, 40)), tmp_path / "b.png")).preview).size == (100, 40)


def test_its_first_mask_is_the_bright_part_in_the_image_s_own_size(tmp_path: Path) -> None:
    result = run(save(scene((1200, 800)), tmp_path / "a.png"))
    mask = opened(result.mask)
    assert (mask.format, mask.mode, mask.size) == ("PNG", "1", (1200, 800))
    assert mask.getpixel((450, 300)) == 255
    assert mask.getpixel((5, 5)) == 0
    assert result.extra["foreground"] == pytest.approx(0.049, abs=0.005)


@pytest.mark.parametrize(
    ("name", "mode", "form"),
    [
        ("a.jpg", "RGB", "JPEG"),
        ("a.jpg", "CMYK", "JPEG"),
        ("a.png", "L", "PNG"),
        ("a.png", "1", "PNG"),
        ("a.png", "P", "PNG"),
        ("a.png", "RGBA", "PNG"),
        ("a.tif", "F", "TIFF"),
        ("a.webp", "RGB", "WEBP"),
        ("a.bmp", "RGB", "BMP"),
    ],
)
def test_every_kind_of_pixel_has_its_preview_and_mask(
    tmp_path: Path, name: str, mode: str, form: str
) -> None:
    result = run(save(scene().convert(mode), tmp_path / name))
    assert result.format == form
    assert opened(result.preview).size == (512, 341)
    assert opened(result.mask).size == (600, 400)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bits_are_stretched_to_what_they_use(tmp_path: Path, name: str) -> None:
    result = run(save(pictures.deep(), tmp_path / name))
    low, high = opened(result.preview).convert("L").getextrema()
    assert low < 20 and high > 235  # noqa: PT018
    assert opened(result.mask).getpixel((225, 150)) == 255


def test_an_image_taken_upside_down_is_shown_upright_with_its_mask(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    result = run(save(scene((600, 400)), tmp_path / "a.jpg", exif=exif))
    assert (result.width, result.height) == (400, 600)
    assert opened(result.mask).size == (400, 600)


def test_of_an_animation_the_first_frame_is_taken_and_that_is_said(tmp_path: Path) -> None:
    result = run(pictures.animation(tmp_path / "a.gif"))
    assert result.extra["notes"] == ["Tiene 3 cuadros: se procesó solo el primero."]


def test_an_image_of_one_tone_has_no_mask_and_that_is_said(tmp_path: Path) -> None:
    result = run(save(Image.new("RGB", (50, 50), "red"), tmp_path / "a.png"))
    assert result.mask is None
    assert "de un solo tono" in result.extra["notes"][0]


def test_zero_bytes_are_said(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.touch()
    error = refusal(path)
    assert str(error) == "El archivo está vacío (0 bytes)."
    assert error.poisonous


def test_a_text_named_png_is_not_an_image(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("hola")
    error = refusal(path)
    assert str(error).startswith("No es una imagen")
    assert error.poisonous


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_a_truncated_image_is_said_to_be_incomplete(tmp_path: Path, name: str) -> None:
    error = refusal(pictures.cut(save(scene(), tmp_path / name)))
    assert "dañada o incompleta" in str(error)
    assert error.poisonous


def test_an_image_that_announces_more_than_it_has_is_damaged(tmp_path: Path) -> None:
    assert "dañada o incompleta" in str(refusal(pictures.liar(tmp_path / "a.png")))


def test_30_000_by_30_000_pixels_are_refused_with_their_size(tmp_path: Path) -> None:
    path = pictures.bomb(tmp_path / "a.png")
    assert path.stat().st_size < 1_000_000
    error = refusal(path, memory_mb=512)
    assert str(error).startswith("La imagen es demasiado grande (30,000 × 30,000 píxeles)")
    assert error.poisonous


def test_a_pipe_or_a_folder_named_as_an_image_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").mkdir()
    assert str(refusal(tmp_path / "a.png")) == "No es un archivo."
    assert str(refusal(tmp_path / "b.png")) == "No es un archivo."


def test_an_image_that_went_away_may_be_tried_again(tmp_path: Path) -> None:
    error = refusal(tmp_path / "a.png")
    assert str(error) == "El archivo ya no está en su carpeta."
    assert not error.poisonous


def test_another_processor_is_given_its_job_and_sees_neither_settings_nor_django(
    tmp_path: Path,
) -> None:
    path = save(scene(), tmp_path / "a.png")
    result = run(path, processor=OURS + "plain", position=7)
    assert (result.format, result.code) == ("OTRO", "de otro")
    assert result.extra["position"] == 7
    assert result.extra["memory_mb"] == MEMORY_MB
    assert result.extra["modules"] == result.extra["secrets"] == []


def test_what_a_processor_prints_does_not_disturb_its_answer(tmp_path: Path) -> None:
    path = save(scene(), tmp_path / "a.png")
    assert run(path, processor=OURS + "talkative").format == "OTRO"


def test_a_processor_s_own_refusal_reaches_the_person(tmp_path: Path) -> None:
    error = refusal(save(scene(), tmp_path / "a.png"), processor=OURS + "refusing")
    assert (str(error), error.poisonous) == ("Esta imagen no me gusta.", True)


def test_a_processor_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    path = save(scene(), tmp_path / "a.png")
    error = refusal(path, processor=OURS + "hanging", seconds=3)
    assert str(error) == "La imagen no se terminó de procesar en 3 s."
    assert not error.poisonous
    pid = int(path.with_suffix(".pid").read_text())
    until(lambda: not is_alive(pid), "the process ends")


def test_a_processor_that_wants_all_memory_is_refused_it(tmp_path: Path) -> None:
    error = refusal(save(scene(), tmp_path / "a.png"), processor=OURS + "greedy")
    assert str(error) == "Procesar la imagen necesita más memoria de la permitida."
    assert error.poisonous


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raising", "El procesador falló con un error suyo (KeyError)."),
        ("dying", "se detuvo de pronto"),
        ("wrong_type", "no devolvió un ProcessingResult"),
        ("not_a_jpeg", "preview no es un JPEG"),
        ("endless", "mask pasa de 8 MB"),
        ("unspeakable", "extra tiene algo que JSON no sabe decir"),
        ("missing", "INTAKE_PROCESSOR: no se puede cargar"),
    ],
)
def test_a_processor_that_is_wrong_is_named_and_the_image_may_be_tried_again(
    tmp_path: Path, name: str, words: str
) -> None:
    error = refusal(save(scene(), tmp_path / "a.png"), processor=OURS + name)
    assert words in str(error)
    assert not error.poisonous


def test_images_are_paired_with_the_lines_of_codes_in_order_as_many_as_there_are(
    tmp_path: Path,
) -> None:
    path = save(scene(), tmp_path / "a.png")
    codes = tmp_path / "codes.txt"
    codes.write_bytes("\ufeffA-001\r\n\r\n  Ñ-002  \nA-003".encode())
    given = [run(path, position=number, codes=codes).code for number in range(4)]
    assert given == ["A-001", "Ñ-002", "A-003", None]


def test_without_a_file_of_codes_there_is_no_code(tmp_path: Path) -> None:
    path = save(scene(), tmp_path / "a.png")
    assert run(path, position=0, codes=tmp_path / "codes.txt").code is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"A-001\nA\xff\n", "codes.txt no es un texto en UTF-8"),
        (b"A-001\nA\x00B\n", "codes.txt, código 2: tiene caracteres que no se pueden mostrar"),
        (b"A-001\n" + b"x" * 500, "codes.txt, código 2: tiene más de 200 caracteres"),
    ],
)
def test_codes_that_cannot_be_used_stop_the_image_until_they_are_mended(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = save(scene(), tmp_path / "a.png")
    codes = tmp_path / "codes.txt"
    codes.write_bytes(content)
    error = refusal(path, position=1, codes=codes)
    assert words in str(error)
    assert not error.poisonous
