"""Verifying what the store holds: kept, shown on batches, by command and over HTTP."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from bson import ObjectId
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from batches.models import Batch
from masks import store
from masks.models import ArchiveVerdict, CatalogueFile
from masks.presenting.ids import as_text
from masks.services import verdicts
from masks.services.sync import run_sync
from masks.services.verifying import Options, StoreStoppedError, VerifyReport, verify
from masks.verifying import delivery
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import close_clients, main_collection
from segmentacion.mongo.leases import held
from tests.factories import ACTOR, MOMENT, make_batch, stored
from tests.masks.archives import FORMATS, blank, mask, masks, tar

pytestmark = pytest.mark.usefixtures("mongo")

WHOLE = FORMATS[".tar.xz"](masks(3))
COMMAND = Actor("verify_masks", Channel.COMMAND)


def put(content: bytes, *batches: str, days: int = 0, chunk_size: int = 500) -> Any:
    """Put an archive into the store and into the catalogue; return its id."""
    name = f"masks_{'_'.join(batches) or 'sueltas'}.tar.xz"
    file_id = store.bucket().upload_from_stream(name, content, chunk_size_bytes=chunk_size)
    catalogue().insert_one(
        {
            "_id": file_id,
            "filename": name,
            "length": len(content),
            "uploadDate": MOMENT.replace(day=1 + days),
            "batches": list(batches),
            "here": True,
        }
    )
    return file_id


def catalogue() -> Any:
    return main_collection(CatalogueFile.COLLECTION)


def run(**options: Any) -> VerifyReport:
    report, files = VerifyReport(), list(catalogue().find({"here": True}).sort("uploadDate", -1))
    for _ in verify(files, actor=COMMAND, options=Options(**options), report=report):
        pass
    return report


def kept(file_id: Any) -> Any:
    return main_collection(ArchiveVerdict.COLLECTION).find_one({"_id": file_id})


def in_the_store() -> list[list[dict[str, Any]]]:
    return [list(found.find().sort("_id")) for found in (store.files(), store.chunks())]


def replace_first(chunks: Any, file_id: Any, data: Any) -> None:
    chunks.update_one({"files_id": file_id, "n": 0}, {"$set": {"data": data}})


def command(*flags: str) -> dict[str, Any]:
    out = StringIO()
    call_command("verify_masks", "--json", *flags, stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_a_verdict_is_kept_and_shown_on_file_and_batch() -> None:
    make_batch("batch_1", version=4)
    file_id = put(WHOLE, "batch_1")
    report = run()
    assert (report.verified, report.kinds["whole"], report.batches_updated) == (1, 1, 1)
    assert kept(file_id)["counts"]["masks"] == 3
    assert kept(file_id)["who"] == "verify_masks"
    assert catalogue().find_one({"_id": file_id})["verdict"]["kind"] == "whole"
    batch = stored("batch_1")
    assert batch["mask_verdict"]["kind"] == "whole"
    assert batch["mask_verdict"]["file_id"] == file_id
    assert batch["version"] == 4
    assert batch["history"][-1]["changes"] == [
        {"field": "mask_verdict", "old": None, "new": "whole"}
    ]


def test_neither_the_sync_nor_verifying_touches_the_store() -> None:
    make_batch("batch_1")
    put(WHOLE, "batch_1")
    put(b"corrupto", "batch_2")
    before = in_the_store()
    run_sync(actor=COMMAND, full=True)
    run()
    assert kept(before[0][0]["_id"])
    assert in_the_store() == before


def test_only_the_newest_file_speaks_for_its_batch() -> None:
    make_batch("batch_1")
    put(WHOLE, "batch_1", days=1)
    newest = put(WHOLE[:-50], "batch_1", days=2)
    run()
    assert stored("batch_1")["mask_verdict"]["file_id"] == newest
    assert stored("batch_1")["mask_verdict"]["kind"] == "incomplete"


@pytest.mark.parametrize(
    ("spoil", "kind", "reason"),
    [
        (lambda c, i: c.delete_one({"files_id": i, "n": 1}), "incomplete", "falta el trozo 1"),
        (lambda c, i: c.delete_many({"files_id": i}), "incomplete", "le faltan"),
        (lambda c, i: c.insert_one({"files_id": i, "n": 99, "data": b"x"}), "incomplete", "trozo"),
        (lambda c, i: replace_first(c, i, b"x"), "corrupt", "mide"),
        (lambda c, i: replace_first(c, i, "x"), "corrupt", "bytes"),
    ],
)  # fmt: skip
def test_the_store_has_to_deliver_every_byte(spoil: Any, kind: str, reason: str) -> None:
    file_id = put(WHOLE, "batch_1")
    spoil(store.chunks(), file_id)
    run()
    assert kept(file_id)["kind"] == kind
    assert reason in kept(file_id)["reason"]


def test_a_file_that_does_not_say_its_length_is_corrupt() -> None:
    file_id = put(WHOLE, "batch_1")
    store.files().update_one({"_id": file_id}, {"$unset": {"length": 1}})
    catalogue().update_one({"_id": file_id}, {"$unset": {"length": 1}})
    run()
    assert kept(file_id)["reason"] == "el almacén no dice cuánto mide"


def test_a_chunk_too_many_is_corrupt() -> None:
    file_id = put(WHOLE, "batch_1")
    extra = store.chunks().count_documents({"files_id": file_id})
    store.chunks().insert_one({"files_id": file_id, "n": extra, "data": b"x"})
    run()
    assert (kept(file_id)["kind"], "sobran" in kept(file_id)["reason"]) == ("corrupt", True)


def test_what_has_a_verdict_is_not_read_again_unless_asked() -> None:
    file_id = put(WHOLE, "batch_1")
    run()
    first = kept(file_id)
    assert (run().cached, kept(file_id)) == (1, first)
    store.chunks().delete_many({"files_id": file_id})
    assert run(again=True).verified == 1
    assert kept(file_id)["kind"] == "incomplete"


def test_a_verdict_that_was_not_yet_shown_is_shown_without_reading_again() -> None:
    make_batch("batch_1")
    file_id = put(WHOLE, "batch_1")
    run()
    catalogue().update_one({"_id": file_id}, {"$unset": {"verdict": 1}})
    main_collection(Batch.COLLECTION).update_one({"id": "batch_1"}, {"$unset": {"mask_verdict": 1}})
    assert run().cached == 1
    assert stored("batch_1")["mask_verdict"]["kind"] == "whole"
    assert catalogue().find_one({"_id": file_id})["verdict"]["masks"] == 3


def test_a_file_that_vanishes_has_no_verdict_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = put(WHOLE, "batch_1")
    check = delivery.Delivery.check

    def vanish(self: Any) -> Any:
        finding = check(self)
        store.bucket().delete(file_id)
        return finding

    monkeypatch.setattr(delivery.Delivery, "check", vanish)
    report = run()
    assert (report.verified, report.vanished) == (0, ["masks_batch_1.tar.xz"])
    assert kept(file_id) is None


@pytest.fixture
def store_away() -> Iterator[None]:
    before, options = settings.TRAINING_MONGO_URI, settings.MONGO_OPTIONS
    settings.TRAINING_MONGO_URI = "mongodb://127.0.0.1:1/"
    settings.MONGO_OPTIONS = {**options, "serverSelectionTimeoutMS": 100}
    close_clients()
    yield
    settings.TRAINING_MONGO_URI, settings.MONGO_OPTIONS = before, options
    close_clients()


def test_a_store_that_is_away_leaves_no_verdict(request: pytest.FixtureRequest) -> None:
    file_id = put(WHOLE, "batch_1")
    request.getfixturevalue("store_away")
    with pytest.raises(StoreStoppedError, match="dejó de responder"):
        run()
    assert kept(file_id) is None
    assert "verdict" not in catalogue().find_one({"_id": file_id})


def test_the_refresh_writes_only_what_differs() -> None:
    make_batch("batch_1")
    put(WHOLE, "batch_1")
    run()
    before = stored("batch_1")
    for _ in range(2):
        changed = verdicts.refresh_batch_verdicts(["batch_1"], actor=ACTOR, operation="op")
        assert (changed, stored("batch_1")) == (0, before)


def test_a_batch_whose_file_went_or_changed_loses_its_verdict() -> None:
    make_batch("batch_1")
    file_id = put(WHOLE, "batch_1")
    run()
    catalogue().update_one({"_id": file_id}, {"$set": {"length": 1}})
    assert verdicts.refresh_batch_verdicts(["batch_1"], actor=ACTOR, operation="op") == 1
    assert stored("batch_1")["mask_verdict"] is None
    assert stored("batch_1")["history"][-1]["changes"][0]["old"] == "whole"


def test_undo_passes_over_verdicts(lead_client: Client) -> None:
    make_batch("batch_1", assignee=None, version=1)
    body = {"comments": "hola", "version": 1}
    lead_client.patch("/api/batches/batch_1", body, content_type="application/json")
    operation = stored("batch_1")["history"][-1]["operation"]
    put(WHOLE, "batch_1")
    run()
    answer = lead_client.post(f"/api/undo/{operation}")
    assert answer.json()["restored"] == 1, answer.json()
    assert (stored("batch_1")["comments"], stored("batch_1")["mask_verdict"]["kind"]) == (
        "",
        "whole",
    )


def test_history_pages_say_it_in_spanish(lead_client: Client) -> None:
    make_batch("batch_1")
    put(WHOLE[:-50], "batch_1")
    run()
    for page in ("/batch/batch_1", "/historial"):
        text = lead_client.get(page).content.decode()
        assert "Veredicto de las máscaras" in text
        assert "incompleto" in text


def test_the_total_is_compared_where_asked() -> None:
    make_batch("batch_1", metadata__total_masks=5)
    file_id = put(WHOLE, "batch_1")
    run(compare_total=True)
    assert kept(file_id)["kind"] == "warning"
    assert kept(file_id)["reason"] == "tiene 3 máscaras y el batch dice 5"


def test_completed_masks_are_filled_only_where_asked() -> None:
    make_batch("batch_1", version=2)
    put(tar([*masks(4), ("nada.png", blank())]), "batch_1")
    run()
    assert stored("batch_1")["metadata"]["completed_masks"] == 0
    report = run(again=True, fill_completed=True)
    batch = stored("batch_1")
    assert (report.filled, batch["metadata"]["completed_masks"], batch["version"]) == (
        ["batch_1"], 4, 3,
    )  # fmt: skip
    assert batch["history"][-1]["channel"] == "command"


def test_the_command_takes_the_outstanding_ones_newest_first() -> None:
    make_batch("batch_1")
    old, new = put(WHOLE, "batch_1", days=1), put(WHOLE[:-50], "batch_2", days=2)
    first = command("--limit", "1")
    assert (first["verified"], kept(old), kept(new)["kind"]) == (1, None, "incomplete")
    assert first["doubtful"][0]["file_id"] == as_text(new)
    assert command()["verified"] == 1
    assert (command()["verified"], command()["cached"]) == (0, 0)


def test_the_command_reports_in_spanish() -> None:
    put(WHOLE[:-50], "batch_1")
    out = StringIO()
    call_command("verify_masks", stdout=out)
    assert "✅ 1 archivos verificados" in out.getvalue()
    assert "masks_batch_1.tar.xz (incompleto): " in out.getvalue()


def test_the_command_takes_one_batch_or_a_time() -> None:
    put(WHOLE, "batch_1", days=1)
    put(WHOLE, "batch_2", days=5)
    assert command("--batch", "1")["verified"] == 1
    assert command("--since", "2025-10-05")["verified"] == 1


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("--batch", "nada"), 2),
        (("--since", "ayer"), 2),
        (("--limit", "0"), 1),
        (("--batch", "9"), 1),
    ],
)
def test_the_command_refuses_what_makes_no_sense(flags: tuple[str, ...], code: int) -> None:
    with pytest.raises(CommandError) as refused:
        command(*flags)
    assert refused.value.returncode == code


def test_a_store_that_is_away_fails_the_command(request: pytest.FixtureRequest) -> None:
    put(WHOLE, "batch_1")
    request.getfixturevalue("store_away")
    with pytest.raises(CommandError, match="dejó de responder"):
        command()


def post(client: Client, **body: Any) -> Any:
    return client.post("/api/masks/verify", body, content_type="application/json")


def test_it_verifies_over_http_until_nothing_is_left(lead_client: Client) -> None:
    for n in range(3):
        put(WHOLE, f"batch_{n}", days=n)
    seen: list[str] = []
    for _ in range(4):
        answer = post(lead_client, outstanding=True).json()
        seen += [one["filename"] for one in answer["verified"]]
        if not answer["remaining"]:
            break
    assert seen == [f"masks_batch_{n}.tar.xz" for n in (2, 1, 0)]
    assert answer["verified"][-1]["label"] == "completo"


def test_the_list_shows_at_once_how_many_are_left(lead_client: Client) -> None:
    put(WHOLE, days=1), put(WHOLE, days=2)
    assert "Verificar pendientes (2)" in lead_client.get("/masks").content.decode()
    post(lead_client, outstanding=True)
    page = lead_client.get("/masks").content.decode()
    assert "Verificar pendientes" not in page
    assert lead_client.get("/api/masks?verdict=whole").json()["count"] == 2


def test_it_verifies_one_file_or_one_batch(lead_client: Client) -> None:
    file_id = put(WHOLE, "batch_1")
    assert post(lead_client, file=as_text(file_id)).json()["verified"][0]["kind"] == "whole"
    again = post(lead_client, batch="batch_1").json()
    assert (again["verified"][0]["cached"], again["remaining"]) == (True, 0)


def test_the_whole_verdict_is_shown(viewer_client: Client) -> None:
    file_id = put(tar([("a.png", mask()), ("b.png", blank())]), "batch_1")
    run()
    verdict = viewer_client.get(f"/api/masks/verdict/{as_text(file_id)}").json()["verdict"]
    assert (verdict["kind"], verdict["label"]) == ("warning", "con avisos")
    assert verdict["members"][0] == {"name": "b.png", "size": [48, 32], "troubles": ["blank"]}
    assert viewer_client.get(f"/api/masks/verdict/{ObjectId()}").status_code == 404
    assert viewer_client.get("/api/masks/verdict/nada").status_code == 404


def test_who_segments_verifies_own_batches_only(segmenter: User) -> None:
    main_collection("segmentadores").insert_one(
        {"name": "Flor", "active": True, "login": segmenter.get_username()}
    )
    make_batch("batch_1", assignee="Flor")
    make_batch("batch_2", assignee="Ceci")
    put(WHOLE, "batch_1")
    put(WHOLE, "batch_2")
    client = Client()
    client.force_login(segmenter)
    assert post(client, batch="batch_1").status_code == 200
    assert post(client, batch="batch_2").status_code == 403
    assert post(client, outstanding=True).status_code == 403


def test_who_reads_does_not_verify(viewer_client: Client, stranger: Client) -> None:
    put(WHOLE, "batch_1")
    assert post(viewer_client, batch="batch_1").status_code == 403
    assert post(stranger, batch="batch_1").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"batch": "1", "outstanding": True}, 400),
        ({"outstanding": True, "skip": -1}, 400),
        ({"nada": 1}, 400),
        ({"batch": "batch_7"}, 404),
        ({"file": "nada"}, 404),
    ],
)
def test_it_says_what_is_wrong(lead_client: Client, body: dict[str, Any], status: int) -> None:
    answer = post(lead_client, **body)
    assert (answer.status_code, answer.json()["success"]) == (status, False)


def test_few_verify_at_the_same_time(lead_client: Client) -> None:
    put(WHOLE, "batch_1")
    with held("verify_masks:1"), held("verify_masks:2"):
        answer = post(lead_client, outstanding=True)
    assert (answer.status_code, "verificando otros" in answer.json()["error"]) == (409, True)


def test_a_store_that_is_away_is_said_over_http(
    lead_client: Client, request: pytest.FixtureRequest
) -> None:
    put(WHOLE, "batch_1")
    request.getfixturevalue("store_away")
    assert post(lead_client, outstanding=True).status_code == 503
