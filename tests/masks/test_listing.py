"""The list of mask files against a real server: filters, order, paging both ways, versions."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client

from batches.models import Batch
from crew.filters import FilterError
from masks.queries import listing
from masks.rules.listing import FileRequest, parse_files
from segmentacion.mongo.clients import main_collection
from tests.factories import MOMENT, make_batch
from tests.masks.catalogue import catalogue, file_document

pytestmark = pytest.mark.usefixtures("mongo")


def asked(query: str) -> FileRequest:
    return parse_files(parse_qs(query))


def names(query: str = "") -> list[str]:
    return [file["filename"] for file in listing.page(asked(query)).documents]


def walked(query: str) -> tuple[list[Any], list[Any]]:
    """Return the ids of all pages on the way to the end, and on the way back."""
    there, cursor, page = [], "", None
    while page is None or page.next:
        cursor = page.next if page else ""
        page = listing.page(asked(f"{query}&cursor={cursor}" if cursor else query))
        there += [file["_id"] for file in page.documents]
    back = [file["_id"] for file in page.documents]
    while page.previous:
        page = listing.page(asked(f"{query}&cursor={page.previous}"))
        back = [file["_id"] for file in page.documents] + back
    return there, back


@pytest.fixture
def mixed() -> None:
    make_batch("batch_1")
    catalogue(
        [
            file_document("masks_batch_1.tar.xz", days=1, verdict="whole"),
            file_document("masks_batch_1_b.tar.xz", days=2, verdict="corrupt", uploaded_by="ceci"),
            file_document("masks_batch_000129F.zip", days=3),
            file_document("apuntes.zip", days=4, uploaded_by=None),
            file_document("batch_1.zip", days=5, batches=["batch_7"], conflict=True),
            file_document("ido_batch_1.zip", days=6, here=False, gone_at=MOMENT),
        ]
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["batch_1.zip", "apuntes.zip", "masks_batch_000129F.zip", "masks_batch_1_b.tar.xz",
              "masks_batch_1.tar.xz"]),
        ("sort=name", ["apuntes.zip", "batch_1.zip", "masks_batch_000129F.zip",
                       "masks_batch_1.tar.xz", "masks_batch_1_b.tar.xz"]),
        ("verdict=corrupt", ["masks_batch_1_b.tar.xz"]),
        ("verdict=none", ["batch_1.zip", "apuntes.zip", "masks_batch_000129F.zip"]),
        ("verdict=whole&verdict=corrupt", ["masks_batch_1_b.tar.xz", "masks_batch_1.tar.xz"]),
        ("batch=known", ["masks_batch_1_b.tar.xz", "masks_batch_1.tar.xz"]),
        ("batch=unknown", ["batch_1.zip", "masks_batch_000129F.zip"]),
        ("batch=none", ["apuntes.zip"]),
        ("batch=batch_1", ["masks_batch_1_b.tar.xz", "masks_batch_1.tar.xz"]),
        ("conflict=true", ["batch_1.zip"]),
        ("who=ceci", ["masks_batch_1_b.tar.xz"]),
        ("gone=true", ["ido_batch_1.zip"]),
        ("from=2025-10-03&to=2025-10-04", ["masks_batch_000129F.zip", "masks_batch_1_b.tar.xz"]),
        ("q=masks_batch_1", ["masks_batch_1_b.tar.xz", "masks_batch_1.tar.xz"]),
        ("q=000129", ["masks_batch_000129F.zip"]),
        ("q=*129f", ["masks_batch_000129F.zip"]),
        ("q=.*", []),
    ],
)  # fmt: skip
def test_filters_and_order(mixed: None, query: str, expected: list[str]) -> None:
    assert names(query) == expected


@pytest.mark.parametrize("small", [0, 1_000])
@pytest.mark.parametrize("order", ["-date", "date", "name", "-name"])
@pytest.mark.parametrize("more", ["", "&verdict=whole", "&who=flor", "&batch=batch_3"])
def test_pages_show_each_file_once_there_and_back(
    monkeypatch: pytest.MonkeyPatch, small: int, order: str, more: str
) -> None:
    monkeypatch.setattr(listing, "SMALL", small)
    documents = [
        file_document(f"masks_batch_{n % 4}.zip", days=n // 3, verdict="whole" if n % 2 else None)
        for n in range(23)
    ]
    documents[4]["uploadDate"] = None
    documents[9]["filename"] = None
    catalogue(documents)
    query = f"sort={order}&per_page=4{more}"
    there, back = walked(query)
    expected = {file["_id"] for file in listing.page(asked(f"per_page=200{more}")).documents}
    assert len(there) == len(set(there))
    assert set(there) == expected
    assert back == there


def test_files_of_the_same_name_and_time_are_not_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SMALL", 0)
    catalogue([file_document("igual.zip") for _ in range(9)] + [file_document("z.zip")])
    there, back = walked("sort=name&per_page=4")
    assert len(there) == 10
    assert back == there


@pytest.mark.parametrize("cursor", ["x", "AAAA", "eyJ9", "%00"])
def test_a_cursor_of_nothing_is_refused(cursor: str) -> None:
    with pytest.raises(FilterError, match="cursor"):
        listing.page(asked(f"cursor={cursor}"))


def test_a_cursor_of_another_order_is_refused(mixed: None) -> None:
    cursor = listing.page(asked("per_page=2")).next
    with pytest.raises(FilterError, match="otro orden"):
        listing.page(asked(f"per_page=2&sort=name&cursor={cursor}"))


def test_counts_stop_at_their_limit(monkeypatch: pytest.MonkeyPatch, mixed: None) -> None:
    monkeypatch.setattr(listing, "COUNT_LIMIT", 3)
    page = listing.page(asked(""))
    assert (page.count, page.is_counted) == (4, False)


def test_the_api_answers_with_the_same_filters(viewer_client: Client, mixed: None) -> None:
    answer = viewer_client.get("/api/masks?q=masks_batch_1&sort=name&versions=1").json()
    first, second = answer["files"]
    assert first["batches"] == [{"id": "batch_1", "exists": True}]
    assert (first["version"], first["versions"]) == (1, 2)
    assert second["verdict"]["kind"] == "corrupt"
    assert (answer["count"], answer["count_is_exact"], answer["next_cursor"]) == (2, True, None)


def test_the_api_tells_versions_only_where_asked(viewer_client: Client, mixed: None) -> None:
    first, *_ = viewer_client.get("/api/masks?q=masks_batch_1").json()["files"]
    assert first["batches"] == [{"id": "batch_1", "exists": True}]
    assert (first["version"], first["versions"]) == (None, None)
    assert viewer_client.get("/api/masks?versions=tal").status_code == 400


def test_a_wrong_filter_is_400_and_the_page_shows_all(viewer_client: Client, mixed: None) -> None:
    answer = viewer_client.get("/api/masks?verdict=roto")
    assert (answer.status_code, "roto" in answer.json()["error"]) == (400, True)
    page = viewer_client.get("/masks?verdict=roto")
    assert page.status_code == 400
    assert "Se muestran todos los archivos" in page.content.decode()


def test_the_page_names_filters_counts_and_what_can_be_done(
    lead_client: Client, mixed: None
) -> None:
    page = lead_client.get("/masks?verdict=corrupt").content.decode()
    assert "<strong>1</strong> de 5" in page
    assert "Verificar pendientes (3)" in page
    assert "Crear batches que faltan (2)" in page
    assert "razón de corrupt" in page


def test_a_viewer_is_offered_no_acts(viewer_client: Client, mixed: None) -> None:
    page = viewer_client.get("/masks").content.decode()
    assert 'id="create-batches"' not in page
    assert "data-verify" not in page


def test_a_row_that_changes_shows_it_at_once(lead_client: Client, mixed: None) -> None:
    missing = '<span class="visually-hidden">falta aquí'
    assert missing not in lead_client.get("/masks?q=masks_batch_1").content.decode()
    main_collection(Batch.COLLECTION).delete_one({"id": "batch_1"})
    page = lead_client.get("/masks?q=masks_batch_1").content.decode()
    assert page.count(missing) == 2


def test_an_empty_catalogue_says_what_the_page_is_for(lead_client: Client) -> None:
    assert "Todavía no se conoce ningún archivo" in lead_client.get("/masks").content.decode()


def test_markup_in_names_is_shown_as_text(lead_client: Client) -> None:
    catalogue([file_document("<b>batch_1.zip", uploaded_by="<i>x")])
    page = lead_client.get("/masks").content.decode()
    assert "<b>batch" not in page
    assert "<i>x" not in page
