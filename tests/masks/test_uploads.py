"""Uploading an archive: who may, what is refused and why, and that nothing is left of a refusal."""

import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from crew.models import Segmenter
from crew.tokens import create_token
from masks import store
from masks.models import ArchiveVerdict, CatalogueFile, MaskUpload
from masks.presenting.ids import as_text, from_text
from masks.queries.versions import versions_of
from masks.rules.uploads import UploadError, stored_name
from masks.services import uploads
from masks.services.receiving import InterruptedUploadError, Upload, receive
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, make_batch, put_file, stored
from tests.masks.archives import FORMATS, blank, flipped, masks, tar, zipped

pytestmark = pytest.mark.usefixtures("mongo")

ID = "batch_000129F"
ARCHIVE = FORMATS[".tar.xz"](masks(5))


@pytest.fixture
def flor(segmenter: User) -> Client:
    """Flor, who holds the batch."""
    main_collection(Segmenter.COLLECTION).insert_one({"name": "Flor", "login": "flor"})
    make_batch(ID, assignee="Flor", status="In")
    client = Client()
    client.force_login(segmenter)
    return client


def put(
    client: Client, content: bytes = ARCHIVE, name: str = f"masks_{ID}.tar.xz", batch: str = ID
) -> Any:
    path = f"/api/uploads/{batch}?filename={name}"
    return client.put(path, content, content_type="application/octet-stream")


def nothing_is_left() -> bool:
    uploads_left = main_collection(MaskUpload.COLLECTION).count_documents({})
    return not (store.count() or store.chunks().count_documents({}) or uploads_left)


def test_an_archive_is_stored_whole_and_its_batch_shows_it(flor: Client) -> None:
    answer = put(flor)
    assert answer.status_code == 201, answer.content
    report = answer.json()
    file_id = from_text(report["file_id"])
    document = store.file_document(file_id)
    assert document is not None
    assert b"".join(store.content(file_id)) == ARCHIVE
    digest = hashlib.sha256(ARCHIVE).hexdigest()
    assert document["metadata"] == {
        "uploaded_by": "Flor", "batch_id": ID, "sha256": digest, "source": "segmentacion"
    }  # fmt: skip
    assert (document["filename"], document["length"]) == (f"masks_{ID}.tar.xz", len(ARCHIVE))
    assert report["verdict"]["kind"] == "whole"
    assert (report["marked"], report["duplicate"]) == (True, False)
    batch = stored(ID)
    assert (batch["mongo_uploaded"], batch["file_info"]["file_count"]) == (True, 1)
    assert batch["mask_verdict"]["kind"] == "whole"
    assert main_collection(ArchiveVerdict.COLLECTION).find_one({"_id": file_id})


@pytest.mark.parametrize("extension", [".tar.gz", ".tar", ".zip"])
def test_every_kind_of_archive_is_taken(flor: Client, extension: str) -> None:
    answer = put(flor, FORMATS[extension](masks(2)), f"masks_{ID}{extension}")
    assert answer.status_code == 201, answer.content


def test_a_name_without_a_batch_becomes_the_canonical_one(flor: Client) -> None:
    assert put(flor, name="mis máscaras.tar.xz").json()["filename"] == f"masks_{ID}.tar.xz"


def test_a_name_that_says_another_batch_is_refused_naming_both(flor: Client) -> None:
    answer = put(flor, name="masks_batch_000130F.tar.xz")
    assert answer.status_code == 400
    assert "batch_000130F" in answer.json()["error"]
    assert ID in answer.json()["error"]
    assert nothing_is_left()


@pytest.mark.parametrize(
    "name",
    ["", "x.rar", ".tar.xz", "a/b/", "x\x00.zip", "x" * 300 + ".zip", "tar.xz", "\u202ex.zip"],
)
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(UploadError):
        stored_name(ID, name)


def test_a_path_is_no_part_of_a_name() -> None:
    assert stored_name(ID, f"C:\\tmp\\{ID}_v2.ZIP") == f"{ID}_v2.ZIP"
    assert stored_name(ID, "../../etc/x.tar") == f"masks_{ID}.tar"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no soy un archivo", "no es un archivo"),
        (ARCHIVE[:-40], "incompleto"),
        (flipped(ARCHIVE, len(ARCHIVE) // 2), "No se guardó nada"),
        (tar([]), "no contiene ningún archivo"),
    ],
)
def test_an_archive_that_does_not_open_is_refused_with_the_reason(
    flor: Client, content: bytes, words: str
) -> None:
    answer = put(flor, content)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert answer.json()["verdict"]["kind"] in {"corrupt", "incomplete", "not_an_archive"}
    assert nothing_is_left()
    assert stored(ID)["mongo_uploaded"] is False


def test_an_archive_with_warnings_is_taken_and_says_so(flor: Client) -> None:
    answer = put(flor, zipped([*masks(2), ("vacia.png", blank())]), "m.zip")
    assert answer.status_code == 201
    assert answer.json()["verdict"]["kind"] == "warning"
    assert "vacía" in answer.json()["message"]


def test_the_same_content_is_not_stored_twice(flor: Client) -> None:
    first = put(flor).json()
    again = put(flor, name="otro nombre.tar.xz")
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    assert again.json()["file_id"] == first["file_id"]
    assert store.count() == 1


def test_the_same_content_may_go_to_another_batch(flor: Client, lead_client: Client) -> None:
    make_batch("batch_000130F")
    put(flor)
    assert put(lead_client, batch="batch_000130F", name="x.tar.xz").status_code == 201


def test_content_that_is_gone_from_the_store_can_be_sent_again(flor: Client) -> None:
    first = put(flor).json()
    store.bucket().delete(from_text(first["file_id"]))
    assert put(flor).status_code == 201


def test_several_uploads_are_versions_the_newest_in_force(flor: Client) -> None:
    first, second = put(flor).json(), put(flor, zipped(masks(3)), "m.zip").json()
    versions = versions_of(ID)
    assert [as_text(version.key) for version in versions] == [second["file_id"], first["file_id"]]
    assert [version.current for version in versions] == [True, False]
    assert versions[0].verdict is not None
    page = flor.get(f"/masks/versions/{ID}").content.decode()
    assert page.count("vigente") == 1
    assert page.index(second["file_id"]) < page.index(first["file_id"])


def test_nobody_uploads_for_somebody_else(flor: Client, viewer_client: Client) -> None:
    make_batch("batch_000131F", assignee="Ceci")
    for client, batch in ((flor, "batch_000131F"), (viewer_client, ID)):
        assert put(client, batch=batch, name="x.zip").status_code == 403
        assert client.get(f"/api/uploads/{batch}?filename=x.zip&length=5").status_code == 403
        assert client.get(f"/subir/{batch}").status_code == 403
    assert nothing_is_left()


def test_a_stranger_is_401_and_an_unknown_batch_404(stranger: Client, lead_client: Client) -> None:
    make_batch(ID)
    assert put(stranger).status_code == 401
    assert put(lead_client, batch="batch_999999F").status_code == 404
    assert lead_client.get("/subir/batch_999999F").status_code == 404


def test_a_session_needs_the_csrf_token_and_a_program_its_own(
    flor: Client, segmenter: User
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(segmenter)
    assert put(strict).status_code == 403
    token = create_token("flor")
    answer = strict.put(
        f"/api/uploads/{ID}?filename=x.tar.xz",
        ARCHIVE,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201


def test_too_large_is_413_before_it_is_read(flor: Client, settings: LazySettings) -> None:
    settings.UPLOAD_MAX_MB = 0
    for answer in (put(flor), flor.get(f"/api/uploads/{ID}?filename=x.zip&length=1")):
        assert answer.status_code == 413
        assert "límite" in answer.json()["error"]


def test_asking_first_tells_the_name_and_what_is_wrong(flor: Client) -> None:
    ask = f"/api/uploads/{ID}?filename="
    assert flor.get(f"{ask}x.zip&length=5").json()["filename"] == f"masks_{ID}.zip"
    for wrong in ("x.rar&length=5", "x.zip&length=0", "x.zip&length=nada", "x.zip"):
        assert flor.get(ask + wrong).status_code == 400


@pytest.mark.parametrize("declared", [len(ARCHIVE) + 1, len(ARCHIVE) * 3])
def test_a_body_shorter_than_it_says_is_refused(flor: Client, declared: int) -> None:
    asked = Upload(ID, "x.tar.xz", declared, "Flor")
    with pytest.raises(InterruptedUploadError, match="se interrumpió"):
        receive(asked, io.BytesIO(ARCHIVE), actor=ACTOR)
    assert nothing_is_left()


def test_a_batch_whose_name_is_no_id_takes_no_uploads(lead_client: Client) -> None:
    make_batch("lote especial")
    answer = lead_client.get("/api/uploads/lote%20especial?filename=x.zip&length=5")
    assert answer.status_code == 400
    assert "forma de un batch" in answer.json()["error"]


def abandon(age: timedelta, *, content: bytes = ARCHIVE, whole: bool) -> ObjectId:
    """Leave what a worker leaves that is killed: in the middle of the chunks, or after them."""
    file_id = ObjectId()
    pieces = [content] if whole else [content[:1000]]
    digest = hashlib.sha256(content).hexdigest()
    store.put_upload(file_id, "x.tar.xz", {"batch_id": ID}, pieces)
    if not whole:
        store.files().delete_one({"_id": file_id})
    alive = datetime.now(UTC) - age
    main_collection(MaskUpload.COLLECTION).insert_one(
        {
            "_id": file_id, "batch_id": ID, "filename": "x.tar.xz", "uploaded_by": "Flor",
            "length": len(content), "sha256": digest, "state": "storing",
            "store": uploads.store_name(), "started_at": alive, "alive_at": alive,
        }
    )  # fmt: skip
    return file_id


def test_the_sweep_removes_what_was_abandoned_and_only_that() -> None:
    put_file("masks_batch_1.zip")
    theirs = ObjectId()
    store.chunks().insert_one({"files_id": theirs, "n": 0, "data": b"x"})
    dead = abandon(timedelta(hours=1), whole=False)
    alive = abandon(timedelta(seconds=1), whole=False)
    assert uploads.sweep_abandoned() == 1
    assert store.chunks().distinct("files_id") == sorted([theirs, alive])
    assert store.count() == 1
    left = main_collection(MaskUpload.COLLECTION).distinct("_id")
    assert (left, dead in left) == ([alive], False)


def test_the_sweep_keeps_a_file_that_is_whole() -> None:
    whole = abandon(timedelta(hours=1), whole=True)
    assert uploads.sweep_abandoned() == 1
    record = main_collection(MaskUpload.COLLECTION).find_one({"_id": whole})
    assert record is not None
    assert record["state"] == "done"
    assert b"".join(store.content(whole)) == ARCHIVE


def test_a_worker_that_was_taken_for_dead_stops(flor: Client) -> None:
    file_id = abandon(timedelta(hours=1), whole=False)
    uploads.sweep_abandoned()
    with pytest.raises(uploads.NotConfirmedError):
        uploads._say_alive(file_id)


def test_ids_of_any_type_travel_in_addresses() -> None:
    for file_id in (ObjectId(), 400, "400", 400.0, b"x", {"a": 1}, "á/b?c", None, True):
        text = as_text(file_id)
        assert text.replace("-", "").replace("_", "").isalnum()
        assert from_text(text) == file_id
    for wrong in ("", "x-", "x-AAAA", "z" * 24, "A" * 24, "ñ", "x-ñ", "../etc"):
        with pytest.raises(ValueError, match="not the id"):
            from_text(wrong)


def test_the_catalogue_is_what_versions_come_from(flor: Client) -> None:
    put(flor)
    files = main_collection(CatalogueFile.COLLECTION)
    files.update_many({}, {"$set": {"here": False}})
    assert versions_of(ID) == []
