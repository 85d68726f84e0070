"""The sample of an archive's masks, and the archive itself, as a browser gets them."""

import io
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image

from crew.models import Segmenter
from masks import store
from masks.models import ArchivePreview
from masks.presenting.ids import as_text
from masks.rules.sheets import Sheet
from masks.rules.verdicts import Limits
from masks.services import previews
from masks.verifying.delivery import LocalFile
from masks.verifying.worker import Worker
from segmentacion.mongo.clients import main_collection
from tests.factories import make_batch
from tests.masks.archives import FORMATS, mask, masks, saved, xz_of_zeros, zipped

pytestmark = pytest.mark.usefixtures("mongo")

ID = "batch_000129F"


def keep(content: bytes, file_id: Any = None, name: str = f"masks_{ID}.tar.xz") -> str:
    """Put a file into the store; return its id as addresses have it."""
    key = ObjectId() if file_id is None else file_id
    size = store.CHUNK_BYTES
    pieces = [content[place : place + size] for place in range(0, len(content), size)]
    store.put_upload(key, name, {"uploaded_by": "Flor"}, pieces)
    return as_text(key)


def picture(client: Client, text: str) -> Image.Image:
    answer = client.get(f"/masks/preview/{text}.webp")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert len(answer.content) <= 400 << 10
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def labels(size: tuple[int, int] = (400, 300)) -> bytes:
    """A palette mask of labels 0 and 1, both nearly black to the eye."""
    image = Image.new("P", size)
    image.putpalette([0, 0, 0, 1, 1, 1] + [0] * 750)
    image.paste(1, (0, 0, size[0] // 2, size[1]))
    return saved(image)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with closing(Worker()) as worker:
        yield worker


def sheet_of(worker: Worker, content: bytes, limits: Limits | None = None) -> Sheet:
    return worker.sheet(LocalFile(io.BytesIO(content), len(content)), limits or Limits(seconds=60))


def drawn(sheet: Sheet) -> Image.Image:
    assert len(sheet.image) <= 400 << 10
    image = Image.open(io.BytesIO(sheet.image)).convert("RGB")
    assert image.size == (sheet.width, sheet.height)
    return image


@pytest.mark.parametrize("extension", FORMATS)
def test_the_masks_of_any_archive_are_drawn(worker: Worker, extension: str) -> None:
    sheet = sheet_of(worker, FORMATS[extension](masks(3)))
    assert [name for name, _, _ in sheet.shown] == [name for name, _ in masks(3)]
    assert (sheet.total, drawn(sheet).size) == (3, (3 * 168 + 8, 176))


def test_labels_0_and_1_are_stretched_to_black_and_white(worker: Worker) -> None:
    image = drawn(sheet_of(worker, zipped([("a.png", labels())])))
    assert min(image.getpixel((30, 88))) > 240  # type: ignore[type-var, arg-type]
    assert max(image.getpixel((140, 88))) < 15  # type: ignore[type-var, arg-type]


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "RGB", "RGBA", "LA", "F"])
def test_every_kind_of_picture_is_drawn(worker: Worker, mode: str) -> None:
    form = "TIFF" if mode in {"F", "I;16"} else "PNG"
    grey = Image.open(io.BytesIO(mask()))
    image = Image.new(mode, grey.size) if mode == "I;16" else grey.convert(mode)
    sheet = sheet_of(worker, zipped([(f"a.{form.lower()}", saved(image, form))]))
    assert drawn(sheet).size == (176, 176)


def test_of_many_24_are_taken_evenly_and_the_picture_stays_light(worker: Worker) -> None:
    noise = saved(Image.frombytes("RGB", (200, 200), random.Random(1).randbytes(120_000)))
    sheet = sheet_of(worker, zipped([(f"m{n}.png", noise) for n in range(60)]))
    assert (sheet.total, len(sheet.shown)) == (60, 24)
    assert [name for name, _, _ in sheet.shown][::8] == ["m0.png", "m20.png", "m40.png"]
    assert drawn(sheet).size == (6 * 168 + 8, 4 * 168 + 8)


def test_what_can_be_read_of_a_damaged_archive_is_shown(worker: Worker) -> None:
    sheet = sheet_of(worker, FORMATS[".tar"](masks(5))[:2_500])
    assert 0 < len(sheet.shown) < 5
    assert sheet.reason
    assert sheet.image


def test_one_broken_picture_leaves_the_others(worker: Worker) -> None:
    sheet = sheet_of(worker, zipped([("rota.png", mask()[:60]), *masks(2)]))
    assert [name for name, _, _ in sheet.shown] == [name for name, _ in masks(2)]


def test_an_archive_made_to_fill_memory_is_refused(worker: Worker) -> None:
    sheet = sheet_of(worker, xz_of_zeros(1))
    assert (sheet.image, sheet.reason != "") == (b"", True)


def test_reading_ends_when_its_time_is_over(worker: Worker) -> None:
    sheet = sheet_of(worker, zipped(masks(50)), Limits(seconds=0))
    assert (sheet.image, "no se terminó" in sheet.reason) == (b"", True)


def test_a_page_shows_the_picture_with_names_and_sizes(viewer_client: Client) -> None:
    text = keep(zipped(masks(3)))
    page = viewer_client.get(f"/masks/preview/{text}").content.decode()
    assert page.count("<li>") == 3
    assert f"/masks/preview/{text}.webp" in page
    assert "48 × 32" in page


def test_it_is_made_once_and_made_anew_for_other_content(viewer_client: Client) -> None:
    key = ObjectId()
    text = keep(zipped(masks(2)), key)
    first = viewer_client.get(f"/masks/preview/{text}.webp")
    same = viewer_client.get(
        f"/masks/preview/{text}.webp", headers={"If-None-Match": first["ETag"]}
    )
    assert same.status_code == 304
    assert "private" in first["Cache-Control"]
    assert main_collection(ArchivePreview.COLLECTION).count_documents({"_id": key}) == 1
    store.bucket().delete(key)
    keep(zipped(masks(4)), key)
    assert picture(viewer_client, text).size == (4 * 168 + 8, 176)


def test_only_the_newest_are_kept_and_one_that_went_is_made_again(
    viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "KEPT", 3)
    sheets = main_collection(ArchivePreview.COLLECTION)
    older = [(day, datetime(2025, 1, day, tzinfo=UTC)) for day in range(1, 6)]
    sheets.insert_many([{"_id": day, "length": 1, "made_at": made} for day, made in older])
    key = ObjectId()
    text = keep(zipped(masks(1)), key)
    assert picture(viewer_client, text).size == (176, 176)
    assert set(sheets.distinct("_id")) == {4, 5, key}
    sheets.delete_one({"_id": key})
    assert picture(viewer_client, text).size == (176, 176)


@pytest.mark.parametrize("content", [zipped([("leeme.txt", b"hola")]), b""])
def test_an_archive_that_cannot_be_read_says_why(viewer_client: Client, content: bytes) -> None:
    text = keep(content)
    page = viewer_client.get(f"/masks/preview/{text}")
    assert page.status_code == 200
    assert "No se pueden mostrar" in page.content.decode()
    assert viewer_client.get(f"/masks/preview/{text}.webp").status_code == 404


def test_a_file_that_is_not_there_is_said_or_404(viewer_client: Client) -> None:
    page = viewer_client.get(f"/masks/preview/{ObjectId()}")
    assert "ya no está" in page.content.decode()
    for path in (f"/masks/file/{ObjectId()}", "/masks/file/nada", "/masks/preview/x-zz.webp"):
        assert viewer_client.get(path).status_code == 404


@pytest.fixture
def flor(segmenter: User) -> Client:
    main_collection(Segmenter.COLLECTION).insert_one({"name": "Flor", "login": "flor"})
    client = Client()
    client.force_login(segmenter)
    return client


@pytest.mark.parametrize("file_id", [ObjectId(), 400, "masks_1", {"a": 1}])
def test_the_archive_is_downloaded_as_it_is(lead_client: Client, file_id: Any) -> None:
    content = FORMATS[".tar.xz"](masks(3))
    answer = lead_client.get(f"/masks/file/{keep(content, file_id)}")
    assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined, arg-type]
    assert answer["Content-Length"] == str(len(content))
    assert answer["Content-Disposition"] == f'attachment; filename="masks_{ID}.tar.xz"'


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", 'filename="passwd"'),
        ('a"b\r\nX: y.zip', 'filename="abX y.zip"'),
        ("...", 'filename="mascaras"'),
        ("máscaras.zip", "filename*=utf-8''m%C3%A1scaras.zip"),
    ],
)
def test_a_name_in_the_header_does_no_harm(lead_client: Client, name: str, safe: str) -> None:
    answer = lead_client.get(f"/masks/file/{keep(b'x', name=name)}")
    assert answer["Content-Disposition"] == f"attachment; {safe}"


def test_only_own_work_is_downloaded_unless_one_reviews(
    flor: Client, viewer_client: Client, lead_client: Client, stranger: Client
) -> None:
    make_batch(ID, assignee="Flor")
    make_batch("batch_000130F", assignee="Ceci")
    own, other = keep(b"x"), keep(b"y", name="batch_000130F.zip")
    clients = (flor, viewer_client, lead_client)
    paths = [f"/masks/file/{file}" for file in (own, other)]
    statuses = [client.get(path).status_code for client in clients for path in paths]
    assert statuses == [200, 403, 403, 403, 200, 200]
    assert stranger.get(f"/masks/file/{own}").status_code == 302
