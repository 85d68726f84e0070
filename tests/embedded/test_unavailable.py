"""Machines and folders on which mongod cannot run, and what the person reads then."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from segmentacion.mongo.embedded import (
    EmbeddedError,
    EmbeddedFolderError,
    EmbeddedMongo,
    EmbeddedStartError,
    EmbeddedUnavailable,
)

from .conftest import OpenMongo


def test_it_names_the_missing_library_and_its_debian_package(
    open_mongo: OpenMongo, tmp_path: Path
) -> None:
    binary = _fake_mongod(tmp_path, _LOADER.format(library="libcurl.so.4"), code=127)

    with pytest.raises(EmbeddedUnavailable, match=r"libcurl\.so\.4.*apt-get install libcurl4»"):
        open_mongo(binary=binary).ensure()


def test_it_says_how_to_search_for_an_unknown_library(
    open_mongo: OpenMongo, tmp_path: Path
) -> None:
    binary = _fake_mongod(tmp_path, _LOADER.format(library="libodd.so.9"), code=127)

    with pytest.raises(EmbeddedUnavailable, match=r"apt-file search libodd\.so\.9"):
        open_mongo(binary=binary).ensure()


def test_it_says_that_the_system_is_too_old(open_mongo: OpenMongo, tmp_path: Path) -> None:
    words = "mongod: /lib/libc.so.6: version `GLIBC_2.35' not found (required by mongod)"

    with pytest.raises(EmbeddedUnavailable, match=r"sistema más nuevo \(pide GLIBC_2\.35\)"):
        open_mongo(binary=_fake_mongod(tmp_path, words, code=1)).ensure()


def test_it_says_what_to_install_when_there_is_no_binary(
    mongo: EmbeddedMongo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hide_installed_mongod(monkeypatch, path=tmp_path)

    with pytest.raises(EmbeddedUnavailable, match=r"Instala.*MONGO_URI.*MONGOD_BINARY"):
        mongo.ensure()
    assert mongo.status().users == 0


def test_it_takes_the_mongod_on_the_path_when_no_package_is_installed(
    mongo: EmbeddedMongo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_mongod(tmp_path, "this is the one on PATH", code=5)
    _hide_installed_mongod(monkeypatch, path=tmp_path)

    with pytest.raises(EmbeddedStartError) as failure:
        mongo.ensure()
    assert failure.value.detail == "this is the one on PATH"


def test_it_says_that_a_binary_is_not_executable(open_mongo: OpenMongo, tmp_path: Path) -> None:
    binary = _fake_mongod(tmp_path, "", code=0)
    Path(binary).chmod(0o600)

    with pytest.raises(EmbeddedUnavailable, match=r"chmod \+x"):
        open_mongo(binary=binary).ensure()


def test_it_says_that_the_chosen_binary_does_not_exist(open_mongo: OpenMongo) -> None:
    with pytest.raises(EmbeddedUnavailable, match="ese archivo no existe"):
        open_mongo(binary="/nowhere/mongod").ensure()


def test_it_says_that_a_binary_is_of_another_system(open_mongo: OpenMongo, tmp_path: Path) -> None:
    binary = tmp_path / "mongod"
    binary.write_bytes(b"\xcf\xfa\xed\xfe of a Mac")
    binary.chmod(0o700)

    with pytest.raises(EmbeddedUnavailable, match="no puede ejecutar"):
        open_mongo(binary=str(binary)).ensure()


def test_it_says_that_the_folder_cannot_be_written(mongo: EmbeddedMongo, folder: Path) -> None:
    folder.write_text("a file where the folder should be")

    with pytest.raises(EmbeddedFolderError, match="No se puede escribir en la carpeta"):
        mongo.ensure()


def test_it_tells_why_mongod_exited_at_start(mongo: EmbeddedMongo, folder: Path) -> None:
    (folder / "db").mkdir(parents=True)
    (folder / "db" / "storage.bson").write_text("not BSON at all, from the start to the end")

    with pytest.raises(EmbeddedStartError, match="los datos están dañados") as failure:
        mongo.ensure()

    assert "storage" in failure.value.detail
    assert '"s":"I"' not in failure.value.detail


def test_it_tells_that_the_disk_is_full(open_mongo: OpenMongo, tmp_path: Path) -> None:
    words = '{"s":"E","c":"STORAGE","msg":"WT","attr":{"e":"No space left on device"}}'

    with pytest.raises(EmbeddedStartError, match="no queda espacio en el disco") as failure:
        open_mongo(binary=_fake_mongod(tmp_path, words, code=14)).ensure()
    assert failure.value.detail == 'E WT: {"e": "No space left on device"}'


def test_it_reads_only_the_words_of_the_last_start(open_mongo: OpenMongo, tmp_path: Path) -> None:
    full = _fake_mongod(tmp_path, "No space left on device", code=14)
    with pytest.raises(EmbeddedStartError, match="espacio"):
        open_mongo(binary=full).ensure()

    other = _fake_mongod(tmp_path, "something else", code=14)
    with pytest.raises(EmbeddedStartError, match=r"\(código 14\)"):
        open_mongo(binary=other).ensure()


def test_it_refuses_to_join_a_server_in_the_other_mode(open_mongo: OpenMongo) -> None:
    open_mongo(replica_set=False).ensure()

    with pytest.raises(EmbeddedError, match="otro modo"):
        open_mongo(replica_set=True).ensure()


_LOADER = (
    "mongod: error while loading shared libraries: {library}: "
    "cannot open shared object file: No such file or directory"
)


def _fake_mongod(folder: Path, words: str, *, code: int) -> str:
    binary = folder / "mongod"
    binary.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{words}\nEND\nexit {code}\n")
    binary.chmod(0o700)
    return str(binary)


def _hide_installed_mongod(monkeypatch: pytest.MonkeyPatch, *, path: Path) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("PATH", f"{path}:/bin" if (path / "mongod").exists() else str(path))
