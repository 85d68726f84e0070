"""Uploads that are cut off: nothing of them stays, nothing of others is touched.

A real site, a store on a server of its own, SIGKILL.
"""

import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from bson import ObjectId
from pymongo import MongoClient

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.factories import batch_document
from tests.masks.archives import saved, tar
from tests.mongods import server_in
from tests.site import Site, Visitor
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.faults

ID = "batch_000129F"


def big_archive() -> bytes:
    """About 40 MB that do not shrink: a few pictures, so that verifying it is quick."""
    from PIL import Image

    side = 1_800
    noise = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))
    return tar([(f"m{number}.bmp", saved(noise, "BMP")) for number in range(4)])


class Installation:
    """A site, the lead's visitor, and a store that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.mongo = server_in(folder / "store")
        settings = {"TRAINING_MONGO_URI": self.mongo.ensure(), "SUPERVISE": "false"}
        self.site = Site(folder / "site", demo=False, settings=settings)
        self.site.start()
        state = EmbeddedMongo(folder / "site" / "state" / "mongo").status()
        self.main = MongoClient[dict[str, Any]](state.uri)["segmentacion_db"]
        self.main["batches"].insert_one(batch_document(ID))
        self.client = MongoClient[dict[str, Any]](self.mongo.ensure())
        self.bucket = self.client["QUALITY_IEMSA"]["training_metrics.masks"]
        self.theirs = ObjectId()
        self.bucket["chunks"].insert_one({"files_id": self.theirs, "n": 0, "data": b"x"})
        self.visitor = self.site.visitor()

    def token(self) -> str:
        return next(str(c.value) for c in self.visitor.cookies if c.name == "csrftoken")

    def put(self, content: bytes, visitor: Visitor | None = None) -> Any:
        return (visitor or self.visitor).request(
            "PUT", f"/api/uploads/{ID}?filename=m.tar", content, X_CSRFToken=self.token(),
            Content_Type="application/octet-stream",
        )  # fmt: skip

    def put_behind(self, content: bytes) -> threading.Thread:
        """Upload in a thread; that the connection breaks is what the test is about."""

        def go() -> None:
            try:
                self.put(content)
            except OSError:
                return

        thread = threading.Thread(target=go)
        thread.start()
        return thread

    def chunks(self) -> list[Any]:
        return [key for key in self.bucket["chunks"].distinct("files_id") if key != self.theirs]

    def is_clean(self) -> bool:
        left = list((self.site.folder / "state" / "uploads").iterdir())
        records = self.main["mask_uploads"].count_documents({})
        files = self.bucket["files"].count_documents({})
        return not (self.chunks() or left or records or files)

    def age_records(self) -> None:
        """Let the time pass after which a silent upload counts as abandoned."""
        self.main["mask_uploads"].update_many(
            {}, [{"$set": {"alive_at": {"$subtract": ["$$NOW", 3_600_000]}}}]
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    place = Installation(tmp_path_factory.mktemp("uploads"))
    yield place
    place.site.stop()
    place.client.close()
    place.mongo.release()


@pytest.fixture(scope="module")
def archive() -> bytes:
    return big_archive()


def test_a_client_that_goes_away_leaves_nothing(place: Installation, archive: bytes) -> None:
    cookies = "; ".join(f"{c.name}={c.value}" for c in place.visitor.cookies)
    head = (
        f"PUT /api/uploads/{ID}?filename=m.tar HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Cookie: {cookies}\r\nX-CSRFToken: {place.token()}\r\n"
        f"Content-Length: {len(archive)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", place.site.port)) as line:
        line.sendall(head.encode() + archive[: len(archive) // 2])
        line.shutdown(socket.SHUT_WR)
        answer = line.recv(4_096)
    assert answer.startswith(b"HTTP/1.1 400"), answer
    until(place.is_clean, "nothing left of the upload that was cut off")


def test_a_body_longer_or_chunked_is_no_way_around_the_length(place: Installation) -> None:
    cookies = "; ".join(f"{c.name}={c.value}" for c in place.visitor.cookies)
    head = (
        f"PUT /api/uploads/{ID}?filename=m.tar HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Cookie: {cookies}\r\nX-CSRFToken: {place.token()}\r\nConnection: close\r\n"
    )
    for framing in ("Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
                    "Content-Length: 9999999999999\r\n\r\nabcd"):  # fmt: skip
        with socket.create_connection(("127.0.0.1", place.site.port), timeout=30) as line:
            line.sendall((head + framing).encode())
            answer = line.recv(4_096)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413")), answer
    assert place.is_clean()


def test_a_worker_killed_among_the_chunks_leaves_nothing_after_the_sweep(
    place: Installation, archive: bytes
) -> None:
    upload = place.put_behind(archive)
    until(place.chunks, "the first chunks of the upload", pause=0.005)
    for worker in place.site.worker_processes():
        worker.kill()
    upload.join(PATIENCE)
    left = place.chunks()
    place.site.wait_until_up()
    place.age_records()
    again = place.put(archive)
    assert again.status == 201, again.text
    assert not set(left) & set(place.chunks())
    assert place.main["mask_uploads"].distinct("state") == ["done"]
    assert place.bucket["chunks"].count_documents({"files_id": place.theirs}) == 1
    assert place.put(archive).json()["duplicate"] is True
    batch = place.main["batches"].find_one({"id": ID})
    assert batch is not None
    assert batch["mongo_uploaded"] is True


def test_a_store_that_goes_away_is_said_and_leaves_nothing(
    place: Installation, archive: bytes
) -> None:
    before = place.chunks()
    other = archive[:-1_024] + bytes(1_024 * 20)  # the same members, other padding
    answers: list[Any] = []
    pid = place.mongo.status().pid
    assert pid is not None
    victim = psutil.Process(pid)
    new = {"files_id": {"$nin": [*before, place.theirs]}}
    upload = threading.Thread(target=lambda: answers.append(place.put(other)))
    upload.start()
    # At its first chunk: the upload has another 150 to write.
    chunks = place.bucket["chunks"]
    until(lambda: chunks.find_one(new, {"_id": 1}), "a chunk of the second upload", pause=0.005)
    victim.kill()
    upload.join(PATIENCE)
    assert answers[0].status == 503
    assert "No se guardó nada" in answers[0].json()["error"]
    refused = place.visitor.get(f"/api/uploads/{ID}?filename=m.tar&length=5")
    assert (refused.status, "no responde" in refused.text) == (503, True)
    place.client = MongoClient(place.mongo.ensure())
    place.bucket = place.client["QUALITY_IEMSA"]["training_metrics.masks"]
    place.age_records()
    assert place.put(archive).json()["duplicate"] is True  # any upload sweeps first
    assert place.chunks() == before
