"""Fixtures of the intake: folders of their own, processing without a child process."""

from pathlib import Path
from typing import Any

import pytest

from masks.intake.services import processing
from tests.intake.place import Place, process_here


@pytest.fixture
def place(tmp_path: Path, mongo: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Place:
    settings.DATA_DIRECTORY = tmp_path / "data"
    settings.INTAKE_SETTLE_SECONDS = 0
    monkeypatch.setattr(processing, "process", process_here)
    return Place(tmp_path / "data")
