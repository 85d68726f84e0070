"""Folders of an intake with images in them, and what must hold of them at the end."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masks.intake import store
from masks.intake.processing import Job, ProcessingResult
from masks.intake.processing.default import process_image
from masks.intake.rules import WHERE, Folder, State
from masks.intake.services import RunReport, run
from masks.models import IntakeImage
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import main_collection
from tests.intake.pictures import save, scene

WHO = Actor("lider", Channel.WEB)


def process_here(
    path: Path, *, seconds: float, memory_mb: int, position: int | None, codes: Path | None
) -> ProcessingResult:
    """Do what the child does, in this process: a child each costs a third of a second."""
    return process_image(Job(path, position, codes, memory_mb))


@dataclass
class Place:
    """The folders under `root`."""

    root: Path

    def folder(self, folder: Folder) -> Path:
        return self.root / folder.value

    def put(self, name: str, seed: int = 0, *, into: Folder = Folder.WAITING) -> Path:
        """Put a PNG whose content is told apart by its seed."""
        self.folder(into).mkdir(parents=True, exist_ok=True)
        return save(scene((64 + seed, 48)), self.folder(into) / name, format="PNG")

    def write(self, name: str, content: bytes, *, into: Folder = Folder.WAITING) -> Path:
        self.folder(into).mkdir(parents=True, exist_ok=True)
        path = self.folder(into) / name
        path.write_bytes(content)
        return path

    def names(self, folder: Folder) -> set[str]:
        return {path.name for path in self.folder(folder).iterdir()}

    def image(self, name: str) -> dict[str, Any]:
        found = list(main_collection(IntakeImage.COLLECTION).find({"name": name}))
        assert len(found) == 1, found
        return found[0]

    def run(self) -> RunReport:
        report = RunReport()
        for _ in run(actor=WHO, report=report, sleep=lambda seconds: None):
            pass
        return report

    def check(self) -> None:
        """Assert that every image is in the folder its state says, and only there, and that every
        archived one is in the store byte for byte."""
        check_documents(list(main_collection(IntakeImage.COLLECTION).find()), self.root)
        files = list(store.files().find())
        for file in files:
            content = b"".join(store.content(file["_id"]))
            assert hashlib.sha256(content).hexdigest() == file["_id"] == file["metadata"]["sha256"]
            assert len(content) == file["length"]
        assert set(store.chunks().distinct("files_id")) == {f["_id"] for f in files}


def check_documents(images: list[dict[str, Any]], root: Path) -> None:
    """Assert that states and folders agree, one to one."""
    seen: dict[Path, Any] = {}
    for image in images:
        state = State(image["state"])
        where = image["where"] if state is State.FAILED else WHERE[state]
        if where is None:
            continue
        path = root / str(where) / image["file"]
        assert path not in seen, (path, image, seen[path])
        assert path.is_file(), image
        seen[path] = image
        if state is State.ARCHIVED:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == image["sha256"]
    for folder in (Folder.WORK, Folder.DONE):
        for path in (root / folder.value).iterdir():
            assert path in seen, f"{path} has no record"
