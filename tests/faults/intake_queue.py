"""A queue of real images of all kinds, and the intake that fails over it; see intake_child.py."""

import hashlib
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from pymongo import MongoClient

from segmentacion.mongo.embedded import EmbeddedMongo
from tests.faults.writers import SOAK
from tests.intake.pictures import deep, save, scene
from tests.intake.place import check_documents
from tests.site import ROOT, environment

FOLDERS = ("source", "images_sources", "images_old")
HUGE = (6_000, 6_000) if SOAK else (2_000, 2_000)


def make_image(folder: Path, number: int) -> Path:
    """Make one image, of a kind that changes with the number, with content of its own."""
    size = (96 + number, 80)
    if number == 7:
        noise = random.Random(number).randbytes(HUGE[0] * HUGE[1])
        return save(Image.frombytes("L", HUGE, noise), folder / "img_0007.tif")
    name = folder / f"img_{number:04d}"
    match number % 5:
        case 0:
            return save(scene(size), name.with_suffix(".png"))
        case 1:
            return save(scene(size), name.with_suffix(".jpg"), quality=90)
        case 2:
            return save(scene(size), name.with_suffix(".tif"))
        case 3:
            return save(deep(size), name.with_suffix(".png"))
        case _:
            noise = random.Random(number).randbytes(size[0] * 9 * 800)
            return save(Image.frombytes("L", (size[0] * 9, 800), noise), name.with_suffix(".png"))


@dataclass
class Figures:
    faults: Counter[str] = field(default_factory=Counter)
    steps: set[str] = field(default_factory=set)
    images: int = 0
    lost: int = 0
    doubled: int = 0

    def __str__(self) -> str:
        faults = ", ".join(f"{count} × {kind}" for kind, count in sorted(self.faults.items()))
        return (
            f"intake: {self.images} images, faults injected: {self.faults.total()} ({faults}) at "
            f"{len(self.steps)} kinds of step; images lost: {self.lost}, doubled: {self.doubled}"
        )


class Workers:
    """The process that starts the ones that fail (intake_child.py), and their server."""

    def __init__(self, server: EmbeddedMongo) -> None:
        self.server = server
        env = environment(MONGO_URI=server.ensure())
        env |= {"DJANGO_SETTINGS_MODULE": "segmentacion.settings"}
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.intake_child"],
            env=env, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def order(self, **order: Any) -> dict[str, Any]:
        assert self.parent.stdin
        assert self.parent.stdout
        order["uri"] = self.server.ensure()
        self.parent.stdin.write(json.dumps(order) + "\n")
        self.parent.stdin.flush()
        answer: dict[str, Any] = json.loads(self.parent.stdout.readline())
        return answer

    def close(self) -> None:
        self.parent.communicate()


class FailingIntake:
    """Folders and a database of its own, and processes that work in them and fail as ordered."""

    def __init__(self, folder: Path, workers: Workers, *, source: Path | None = None) -> None:
        self.root, self.workers, self.server = folder / "data", workers, workers.server
        self.database = f"intake_{folder.name}"[:50]
        for name in FOLDERS:
            (self.root / name).mkdir(parents=True)
        if source is not None:  # on another file system
            (self.root / "source").rmdir()
            (self.root / "source").symlink_to(source)
        self.sent: dict[str, str] = {}
        self.figures = Figures()
        self.order(prepare=True)

    def close(self) -> None:
        MongoClient(self.server.ensure()).drop_database(self.database)

    def put(self, number: int) -> None:
        path = make_image(self.root / "source", number)
        self.sent[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        self.figures.images += 1

    def order(self, **order: Any) -> dict[str, Any]:
        """Have a process work through the queue; return how it ended."""
        answer = self.workers.order(folder=str(self.root), database=self.database, **order)
        assert answer["code"] in {-9, 0, 3}, answer
        return answer

    def kill_at(self, step: int) -> bool:
        """Have a process be killed at this step; tell whether it got that far."""
        answer = self.order(at=step)
        if answer["code"] != -9:
            return False
        self.figures.faults["SIGKILL"] += 1
        self.figures.steps.add(answer["last"])
        return True

    def kill_mongod_at(self, step: int) -> bool:
        """Have mongod be killed at this step; tell whether the process got that far."""
        self.server.ensure()
        self.order(at=step, mongod=self.server.status().pid, attempts=1, patience_ms=1_000)
        if self.server.is_running():
            return False
        self.figures.faults["mongod killed"] += 1
        return True

    def finish(self) -> dict[str, Any]:
        """Work through what is left, without a fault."""
        answer = self.order()
        assert answer["code"] == 0, answer
        report: dict[str, Any] = answer["report"]
        return report

    def documents(self) -> list[dict[str, Any]]:
        client = MongoClient[dict[str, Any]](self.server.ensure())
        return list(client[self.database]["intake_images"].find())

    def check(self) -> None:
        """Count what is lost and what is doubled, on disk and in the store, and print figures."""
        here = dict(self._contents())
        found = Counter(here.values())
        stored = Counter(self._stored())
        for sha256 in self.sent.values():
            self.figures.lost += not found[sha256] or not stored[sha256]
            self.figures.doubled += found[sha256] > 1 or stored[sha256] > 1
        print(f"\n{self.figures}", flush=True)
        documents = self.documents()
        check_documents(documents, self.root)
        assert (self.figures.lost, self.figures.doubled) == (0, 0)
        left = [d for d in documents if d["state"] != "archived"]
        assert {path.parent.name for path in here} == {"images_old"}, left
        assert {d["name"]: d["sha256"] for d in documents} == self.sent
        assert {d["state"] for d in documents} == {"archived"}
        assert set(stored) == set(self.sent.values())

    def _contents(self) -> Iterator[tuple[Path, str]]:
        for name in FOLDERS:
            for path in (self.root / name).iterdir():
                yield path, hashlib.sha256(path.read_bytes()).hexdigest()

    def _stored(self) -> Iterator[str]:
        """Yield the SHA-256 of each file of the store, from its chunks as they are."""
        database = MongoClient[dict[str, Any]](self.server.ensure())[self.database]
        files = database["intake.images.files"]
        for file in files.find():
            content = b"".join(
                chunk["data"]
                for chunk in database["intake.images.chunks"]
                .find({"files_id": file["_id"]})
                .sort("n")
            )
            assert len(content) == file["length"]
            yield hashlib.sha256(content).hexdigest()
        owners = set(database["intake.images.chunks"].distinct("files_id"))
        assert owners == set(files.distinct("_id"))
