"""The intake when it, its server or its disk fails at any step: no image lost, none doubled.

Real processes and SIGKILL. `SOAK=1` (make soak) takes every single step over 200 images; here it
is every few steps over some.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.intake_queue import FOLDERS, FailingIntake, Workers
from tests.faults.writers import SOAK
from tests.mongods import server_in

pytestmark = pytest.mark.faults

IMAGES = 200 if SOAK else 12
STRIDE = 1 if SOAK else 7
MONGOD_STRIDE = 1 if SOAK else 31
SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    server = server_in(tmp_path_factory.mktemp("intake") / "mongo")
    workers = Workers(server)
    yield workers
    workers.close()
    server.release()


@pytest.fixture
def intake(tmp_path: Path, workers: Workers) -> Iterator[FailingIntake]:
    intake = FailingIntake(tmp_path, workers)
    yield intake
    intake.close()


@pytest.fixture
def intake_across(tmp_path: Path, workers: Workers) -> Iterator[FailingIntake]:
    """An intake whose source is on another file system, if there is one to be had."""
    elsewhere = Path(tempfile.mkdtemp(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None))
    intake = FailingIntake(tmp_path, workers, source=elsewhere)
    yield intake
    intake.close()
    shutil.rmtree(elsewhere)


def fail_at_each_step(intake: FailingIntake, fail: Callable[[int], bool], stride: int) -> None:
    """One image after the other: fail at a step further on each time, then finish; from the
    beginning again when all steps had their turn."""
    step = 1
    for number in range(IMAGES):
        intake.put(number)
        if not fail(step):
            step = 1 - stride
        intake.finish()
        step += stride


def test_killed_at_every_step(intake: FailingIntake) -> None:
    fail_at_each_step(intake, intake.kill_at, STRIDE)
    intake.check()
    assert intake.figures.faults["SIGKILL"] >= (150 if SOAK else 10)


def test_killed_at_every_step_with_source_on_another_file_system(
    intake_across: FailingIntake,
) -> None:
    fail_at_each_step(intake_across, intake_across.kill_at, STRIDE)
    intake_across.check()


def test_killed_again_and_again_over_a_whole_queue(intake: FailingIntake) -> None:
    for number in range(IMAGES):
        intake.put(number)
    steps, deaths = 20, 0
    while intake.kill_at(steps):
        deaths += 1
        # More than putting right takes, and now and then enough for the huge one: it goes on.
        steps = 20 + (37 * deaths) % 90 + (400 if deaths % 4 == 0 else 0)
    intake.finish()
    intake.check()
    assert deaths


def test_mongod_killed_at_every_step(intake: FailingIntake) -> None:
    step, number = 1, 0
    while True:
        intake.put(number)
        failed = intake.kill_mongod_at(step)
        intake.finish()
        if not failed:
            break
        number, step = number + 1, step + MONGOD_STRIDE
    intake.check()
    assert intake.figures.faults["mongod killed"]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_cannot_be_written_keeps_every_image(
    intake: FailingIntake, name: str
) -> None:
    for number in range(3):
        intake.put(number)
    folder = intake.root / name
    folder.chmod(0o555)
    try:
        answer = intake.order(powerless=True, attempts=2)
        assert answer["code"] == 3, answer
        assert str(folder) in answer["trouble"]
        intake.figures.faults[f"{name} read-only"] += 1
    finally:
        folder.chmod(0o755)
    assert len(intake.finish()) > 0
    intake.check()


@contextmanager
def small_disk(place: Path) -> Iterator[Path | None]:
    """Make a folder a disk of its own, full of one file, which is yielded; None where mounting
    is not allowed."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        yield None
        return
    filler = place / ".filler"
    descriptor = os.open(filler, os.O_CREAT | os.O_WRONLY)
    for size in (1 << 20, 4_096):
        with suppress(OSError):
            while os.write(descriptor, bytes(size)):
                pass
    os.close(descriptor)
    try:
        yield filler
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("name", ["images_sources", "images_old"])
def test_a_full_disk_keeps_every_image(intake_across: FailingIntake, name: str) -> None:
    """Where mounting is not allowed, the process may not write long files, which the protocol
    meets at the same call."""
    intake = intake_across
    with small_disk(intake.root / name) as filler:
        for number in range(3):
            intake.put(number)
        if filler:
            answer = intake.order(attempts=2)
            assert answer["code"] == 3, answer
            assert "No space left" in answer["trouble"]
            filler.unlink()
        else:
            intake.order(file_limit=64)
        intake.figures.faults[f"disk full ({'tmpfs' if filler else 'RLIMIT_FSIZE'})"] += 1
        assert not list((intake.root / name).glob(".intake-parts/*"))
        intake.finish()
        intake.check()
