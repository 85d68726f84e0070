"""Static files are collected when they changed, and left alone under a site that serves them."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders

from segmentacion.http.collecting import collect


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A folder of sources with one file, and nothing else to collect."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a { color: red }")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = str(tmp_path / "root")
    finders.get_finder.cache_clear()
    yield tmp_path
    finders.get_finder.cache_clear()


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("a*.css*")}


def test_the_same_files_are_not_written_again(root: Path) -> None:
    assert collect()
    before = times(root / "root")
    assert before
    assert not collect()
    assert times(root / "root") == before


def test_a_changed_file_is(root: Path) -> None:
    collect()
    source = root / "source" / "a.css"
    source.write_text("a { color: blue; margin: 0 }")
    later = source.stat().st_mtime + 10  # Django compares whole seconds
    os.utime(source, (later, later))
    assert collect()
    assert any("blue" in path.read_text() for path in (root / "root").glob("a*.css"))


def test_a_collecting_that_was_cut_off_is_done_again(root: Path) -> None:
    collect()
    (root / "root" / ".collected").unlink()
    assert collect()


def test_two_at_once_collect_once(root: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda _: collect(), range(2))) == [False, True]
