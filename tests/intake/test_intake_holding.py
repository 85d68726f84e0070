"""Who may work in the folders, and what people do to them."""

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from masks.intake import queries, store
from masks.intake.rules import Folder, State
from masks.intake.services import (
    BusyError,
    NothingError,
    force_archive,
    process_next,
    recover,
    taking,
)
from masks.intake.services.processing import process_image
from masks.intake.services.taking import take_next
from masks.intake.services.working import working
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import LeaseLost
from tests.intake.place import WHO, Place

SOURCE, WORK, DONE = Folder.WAITING, Folder.WORK, Folder.DONE


def test_forcing_is_recorded_and_only_for_what_is_in_images_sources(place: Place) -> None:
    with pytest.raises(NothingError):
        force_archive(actor=WHO)
    place.put("img_1.png")
    with pytest.raises(NothingError):
        force_archive(actor=WHO)  # in source, not in images_sources
    process_next(actor=WHO)
    assert force_archive(actor=WHO, reason="se acaba el turno")["state"] == State.FORCED
    image = place.image("img_1.png")
    assert (image["forced"]["who"], image["forced"]["reason"]) == ("lider", "se acaba el turno")
    assert place.names(DONE) == {"img_1.png"}
    assert store.files().count_documents({}) == 0
    assert queries.status().archived == 0
    place.check()


def test_files_put_into_images_sources_by_hand_are_taken_in(place: Place) -> None:
    place.put("img_1.png", into=WORK)
    report = recover(actor=WHO)
    assert report.adopted == ["img_1.png"]
    assert place.run().archived == 1
    place.check()


def test_a_file_that_was_taken_away_is_missed_and_found_again(place: Place, tmp_path: Path) -> None:
    place.put("img_1.png")
    process_next(actor=WHO)
    (place.folder(WORK) / "img_1.png").rename(tmp_path / "apart.png")
    assert recover(actor=WHO).lost == ["img_1.png"]
    assert (queries.status().missing, queries.status().system) == (1, "attention")
    (tmp_path / "apart.png").rename(place.folder(WORK) / "img_1.png")
    assert recover(actor=WHO).found == ["img_1.png"]
    assert place.run().archived == 1
    place.check()


def test_two_do_not_work_in_the_same_folders(place: Place) -> None:
    place.put("img_1.png")
    with working(WHO), pytest.raises(BusyError):
        process_next(actor=WHO)
    assert place.names(SOURCE) == {"img_1.png"}
    process_next(actor=WHO)


def test_a_host_that_has_the_folders_keeps_others_out_until_its_time_is_up(place: Place) -> None:
    place.put("img_1.png")
    with working(WHO) as work:
        name = work.lease.name
    leases = main_collection("leases")
    later = datetime.now(UTC) + timedelta(minutes=1)
    leases.update_one({"_id": name}, {"$set": {"holder": "otra:7:ab", "expires_at": later}})
    with pytest.raises(BusyError, match="otra:7"):
        process_next(actor=WHO)
    mine = f"{socket.gethostname()}:7:ab"  # of this host, and without its lock: it is dead
    leases.update_one({"_id": name}, {"$set": {"holder": mine}})
    process_next(actor=WHO)


def test_a_holder_that_lost_its_lease_writes_nothing_more(place: Place) -> None:
    place.put("img_1.png")
    with working(WHO) as work:
        main_collection("leases").update_one(
            {"_id": work.lease.name}, [{"$set": {"expires_at": "$$NOW", "holder": "otra:7:ab"}}]
        )
        work.lease.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        with pytest.raises(LeaseLost):
            process_image(work, take_next(work, taking.Queue()) or {})
    assert process_next(actor=WHO)["name"] == "img_1.png"
    place.check()


def test_other_folders_are_another_intake(place: Place, settings: Any, tmp_path: Path) -> None:
    place.put("img_1.png")
    place.run()
    settings.DATA_DIRECTORY = tmp_path / "otra"
    other = Place(tmp_path / "otra")
    other.put("img_1.png")
    with working(WHO):
        assert queries.status().archived == 0
    report = other.run()
    assert (report.archived, report.duplicates) == (1, 1)  # the store is the same
    assert store.files().count_documents({}) == 1


def test_a_file_is_left_alone_while_it_is_written(place: Place, settings: Any) -> None:
    settings.INTAKE_SETTLE_SECONDS = 3_600
    path = place.put("img_1.png")
    report = place.run()
    assert (report.archived, report.unsettled) == (0, ["img_1.png"])
    os.utime(path, (1, 1))
    assert place.run().archived == 1


def test_taking_many_lists_source_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    real = taking.Queue.look
    monkeypatch.setattr(
        taking.Queue, "look", lambda queue, work: (looks.append(1), real(queue, work))[1]
    )
    for number in range(12):
        place.put(f"img_{number}.png", number)
    place.run()
    assert len(looks) <= 3
