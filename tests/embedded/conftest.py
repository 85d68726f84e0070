"""A folder for one test, from which nothing is left running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from segmentacion.mongo.embedded import EmbeddedMongo

from .cast import Actor

OpenMongo = Callable[..., EmbeddedMongo]
StartActor = Callable[[Callable[[Path], Actor]], Actor]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "mongo"
    yield folder
    kill_server_of(folder)


@pytest.fixture
def open_mongo(folder: Path) -> Iterator[OpenMongo]:
    """A maker of EmbeddedMongo objects for the folder, released at the end."""
    opened: list[EmbeddedMongo] = []

    def open_one(where: Path = folder, **options: object) -> EmbeddedMongo:
        opened.append(EmbeddedMongo(where, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for mongo in opened:
        kill_server_of(mongo.status().folder)
        mongo.release()


@pytest.fixture
def mongo(open_mongo: OpenMongo) -> EmbeddedMongo:
    return open_mongo()


@pytest.fixture
def enter(folder: Path) -> Iterator[StartActor]:
    """A starter of other processes on the folder, killed at the end."""
    actors: list[Actor] = []

    def start(kind: Callable[[Path], Actor]) -> Actor:
        actors.append(kind(folder))
        return actors[-1]

    yield start
    for actor in actors:
        actor.kill()


def kill_server_of(folder: Path) -> None:
    pid = EmbeddedMongo(folder).status().pid
    if pid is not None:
        psutil.Process(pid).kill()
