"""Images from source to images_old, on real folders and a real MongoDB."""

import hashlib
import os
from datetime import UTC, datetime
from typing import Any

import pytest

from masks.intake import queries, store
from masks.intake.rules import Folder, State
from masks.intake.services import (
    ImageError,
    NothingError,
    NotReadyError,
    process_next,
    retry,
    upload_current,
)
from masks.models import IntakeImage
from segmentacion.mongo.clients import main_collection
from tests.intake.pictures import bomb, cut
from tests.intake.place import WHO, Place

SOURCE, WORK, DONE = Folder.WAITING, Folder.WORK, Folder.DONE


def test_an_image_goes_through_the_folders_one_step_at_a_time(place: Place) -> None:
    content = place.put("img_1.png").read_bytes()
    place.put("img_2.png", 1)
    processed = process_next(actor=WHO)
    assert (processed["name"], processed["state"]) == ("img_1.png", State.WAITING_UPLOAD)
    assert place.names(WORK) == {"img_1.png"}
    assert process_next(actor=WHO)["_id"] == processed["_id"]  # nothing more to do with it
    done = upload_current(actor=WHO)
    assert (done.image["state"], done.next_image) == (State.ARCHIVED, "img_2.png")
    assert (place.names(DONE), place.names(WORK)) == ({"img_1.png"}, {"img_2.png"})
    assert b"".join(store.content(hashlib.sha256(content).hexdigest())) == content
    place.check()


def test_an_upload_needs_an_image_that_was_processed(place: Place) -> None:
    with pytest.raises(NothingError):
        upload_current(actor=WHO)
    place.put("img_1.png", into=WORK)
    with pytest.raises(NotReadyError):
        upload_current(actor=WHO)
    assert place.names(WORK) == {"img_1.png"}


def test_nothing_to_process_is_said(place: Place, settings: Any) -> None:
    with pytest.raises(NothingError, match="No hay imágenes en espera"):
        process_next(actor=WHO)
    settings.INTAKE_SETTLE_SECONDS = 3_600
    place.put("img_1.png")
    with pytest.raises(NothingError, match="se está copiando"):
        process_next(actor=WHO)
    assert place.names(SOURCE) == {"img_1.png"}


def test_a_run_brings_everything_to_its_end_in_order(place: Place) -> None:
    for number in (10, 9, 1):
        place.put(f"img_{number}.png", number)
    (place.root / "codes.txt").write_text("uno\ndos\n", "utf-8")
    report = place.run()
    assert (report.archived, report.failed) == (3, {})
    codes = {name: place.image(name)["code"] for name in ("img_1.png", "img_9.png", "img_10.png")}
    assert codes == {"img_1.png": "uno", "img_9.png": "dos", "img_10.png": None}
    assert place.run().archived == 0
    place.check()


def test_every_step_is_recorded_with_who(place: Place) -> None:
    place.put("img_1.png")
    place.run()
    image = place.image("img_1.png")
    steps = [(step["from"], step["to"]) for step in image["history"]]
    assert steps == [
        (None, "taking"), ("taking", "taken"), ("taken", "processing"),
        ("processing", "waiting_upload"), ("waiting_upload", "uploading"),
        ("uploading", "confirmed"), ("confirmed", "archived"),
    ]  # fmt: skip
    assert {step["who"] for step in image["history"]} == {"lider"}
    assert image["taken_at"] <= image["processed_at"] <= image["confirmed_at"]


def test_the_same_name_with_other_content_is_another_image(place: Place) -> None:
    place.put("img_1.png")
    place.run()
    place.put("img_1.png", 7)
    assert place.run().archived == 1
    assert place.names(DONE) == {"img_1.png", "img_1 (2).png"}
    assert store.files().count_documents({"filename": "img_1.png"}) == 2
    place.check()


def test_the_same_content_again_is_archived_and_not_uploaded_again(place: Place) -> None:
    place.put("img_1.png")
    place.put("img_2.png")
    place.run()
    place.put("img_1.png")
    report = place.run()
    assert (report.archived, report.duplicates) == (1, 1)
    assert place.names(DONE) == {"img_1.png", "img_1 (2).png", "img_2.png"}
    assert store.files().count_documents({}) == 1
    first = main_collection(IntakeImage.COLLECTION).find_one(
        {"name": "img_1.png"}, sort=[("_id", 1)]
    )
    assert first is not None
    assert place.image("img_2.png")["duplicate_of"] == first["_id"]
    place.check()


def test_odd_things_have_their_outcome_and_the_queue_goes_on(place: Place) -> None:
    place.put("01 con espacios.png", 1)
    place.put("02 año ñandú.png", 2)
    place.put("03 línea\nnueva.png", 3)
    place.write("04 vacía.png", b"")
    place.write("05 texto.png", b"esto no es una imagen")
    cut(place.put("06 cortada.jpg", 6))
    bomb(place.folder(SOURCE) / "07 enorme.png")
    place.put("08 buena.png", 8)
    os.symlink("/etc/passwd", place.folder(SOURCE) / "09 enlace.png")
    (place.folder(SOURCE) / "10 carpeta.png").mkdir()
    odd = os.fsdecode(b"11 \xff.png")
    os.rename(place.put("11.png", 11), place.folder(SOURCE) / odd)
    report = place.run()
    failed = {"04 vacía.png", "05 texto.png", "06 cortada.jpg", "07 enorme.png"}
    skipped = {"09 enlace.png", "10 carpeta.png"}
    assert (set(report.failed), set(report.skipped)) == (failed, skipped)
    assert place.names(WORK) == failed
    assert place.names(SOURCE) == skipped
    assert place.names(DONE) == {
        "01 con espacios.png", "02 año ñandú.png", "03 línea\nnueva.png", "08 buena.png",
        "11 \\xff.png",
    }  # fmt: skip
    assert all(place.image(name)["error"]["message"] for name in failed)
    status = queries.status()
    assert (status.failed, status.archived, status.system) == (4, 5, "attention")
    place.check()


def test_an_image_that_was_mended_is_tried_again(place: Place) -> None:
    place.write("img_1.png", b"esto no es una imagen")
    place.run()
    assert place.run().failed == {}  # only a person changes that
    place.put("img_1.png", into=WORK)
    assert retry(actor=WHO).again == ["img_1.png"]
    assert place.run().archived == 1
    place.check()
    with pytest.raises(NothingError):
        retry(actor=WHO)


def test_a_failure_that_may_pass_is_tried_again_with_growing_pauses_and_then_given_up(
    place: Place, settings: Any
) -> None:
    settings.INTAKE_ATTEMPTS = 3
    place.put("img_1.png")
    (place.root / "codes.txt").write_bytes(b"\xff\xff")
    waits = []
    for _ in range(2):
        assert list(place.run().retrying) == ["img_1.png"]
        assert place.run().retrying == {}  # not before its time
        image = place.image("img_1.png")
        waits.append((image["next_attempt_at"] - image["error"]["at"]).total_seconds())
        main_collection(IntakeImage.COLLECTION).update_one(
            {}, {"$set": {"next_attempt_at": datetime.now(UTC)}}
        )
    assert waits == [5, 10]
    assert list(place.run().failed) == ["img_1.png"]
    (place.root / "codes.txt").unlink()
    retry(["img_1.png"], actor=WHO)
    assert place.run().archived == 1


def test_a_file_that_changes_after_processing_is_processed_again(place: Place) -> None:
    place.put("img_1.png")
    process_next(actor=WHO)
    other = place.put("img_1.png", 5, into=WORK).read_bytes()
    with pytest.raises(ImageError, match="cambió"):
        upload_current(actor=WHO)
    assert store.chunks().count_documents({}) == 0
    assert process_next(actor=WHO)["sha256"] == hashlib.sha256(other).hexdigest()
    upload_current(actor=WHO)
    place.check()


def test_a_store_that_gives_back_something_else_keeps_the_image(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put("img_1.png")
    process_next(actor=WHO)
    real = store.content
    monkeypatch.setattr(store, "content", lambda sha256: iter([b"otra cosa"]))
    with pytest.raises(ImageError, match="igual"):
        upload_current(actor=WHO)
    assert place.names(WORK) == {"img_1.png"}
    assert store.files().count_documents({}) == 0
    monkeypatch.setattr(store, "content", real)
    assert upload_current(actor=WHO).image["state"] == State.ARCHIVED
    place.check()


def test_chunks_of_an_upload_that_was_cut_off_are_used(place: Place) -> None:
    content = place.put("img_1.png").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    store.put("other", "x", {}, [b"x"])  # makes the indexes
    store.remove("other")
    store.chunks().insert_one({"files_id": sha256, "n": 0, "data": content})
    assert place.run().archived == 1
    assert store.chunks().count_documents({}) == 1
    place.check()


def test_wrong_content_in_the_store_is_replaced(place: Place, settings: Any) -> None:
    settings.INTAKE_RETRY_SECONDS = 0
    content = place.put("img_1.png").read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    store.put(sha256, "img_1.png", {"sha256": sha256}, [bytes(len(content))])
    report = place.run()
    assert report.archived == 1
    place.check()
