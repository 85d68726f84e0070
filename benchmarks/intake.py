"""Taking images in, beside a bare loop: read, put into GridFS, read back."""

import hashlib
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from gridfs import GridFSBucket
from PIL import Image

from benchmarks.timing import best, head, row
from masks.intake.processing import ProcessingResult
from masks.intake.rules import Folder
from masks.intake.services import RunReport, processing, run
from masks.models import IntakeImage
from segmentacion.actors import Actor, Channel
from segmentacion.mongo.clients import main_collection, main_database

ACTOR = Actor("bench", Channel.COMMAND)
IMAGES = int(os.environ.get("BENCH_IMAGES", "60"))
SIDES = {"1 MB": 1_000, "6 MB": 2_450}
BAR = 1 / 0.60
ROUNDS = 6


def intake_all() -> None:
    """A run of the whole protocol, without and with processing."""
    settings.INTAKE_SETTLE_SECONDS = 0
    real = processing.process
    for label, side in SIDES.items():
        count = IMAGES if side < 2_000 else max(1, IMAGES // 4)
        with images(side, count) as (folder, results):
            settings.DATA_DIRECTORY = folder
            head(f"{count} images of {label} / bare loop: read, put, read back")
            processing.process = known(results)  # type: ignore[assignment]
            floor = ours = float("inf")
            for _ in range(ROUNDS):  # in turns: a busy moment of the machine meets both
                floor = min(
                    floor, best(lambda: bare(folder), rounds=1, before=lambda: reset(folder))
                )
                ours = min(ours, best(work, rounds=1, before=lambda: reset(folder)))
            row("the protocol, processing excluded", ours, floor, BAR)
            processing.process = real
            ours = best(work, rounds=1, before=lambda: reset(folder))
            row("the protocol with processing", ours, floor, None)
            print(f"{count / ours:.1f} images a second with processing", flush=True)


@contextmanager
def images(side: int, count: int) -> Iterator[tuple[Path, dict[str, ProcessingResult]]]:
    """Yield a folder with so many images in its source, and what processing finds of each."""
    with tempfile.TemporaryDirectory() as name:
        folder, results = Path(name), {}
        source = folder / Folder.WAITING.value
        source.mkdir()
        for number in range(count):
            path = source / f"img_{number:04d}.tif"
            noise = random.Random(number).randbytes(side * side)
            Image.frombytes("L", (side, side), noise).save(path)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            results[path.name] = ProcessingResult(digest, side, side, "TIFF")
        yield folder, results


def known(results: dict[str, ProcessingResult]) -> Callable[..., ProcessingResult]:
    return lambda path, **_: results[path.name]


def bare(folder: Path) -> None:
    """Do what a script without any care does, and check the bytes."""
    bucket = GridFSBucket(main_database(), bucket_name="bench.images")
    for path in sorted((folder / Folder.WAITING.value).iterdir()):
        content = path.read_bytes()
        key = bucket.upload_from_stream(path.name, content)
        assert bucket.open_download_stream(key).read() == content


def work() -> None:
    report = RunReport()
    for _ in run(actor=ACTOR, report=report):
        pass
    assert report.archived > 0
    assert not report.failed


def reset(folder: Path) -> None:
    """Put every image back into source, and forget it."""
    (folder / Folder.DONE.value).mkdir(exist_ok=True)
    for path in (folder / Folder.DONE.value).iterdir():
        path.rename(folder / Folder.WAITING.value / path.name)
    collection: Any = main_collection(IntakeImage.COLLECTION)
    collection.delete_many({})
    for bucket in ("bench.images", settings.INTAKE_BUCKET):
        for name in ("files", "chunks"):
            main_database()[f"{bucket}.{name}"].delete_many({})
