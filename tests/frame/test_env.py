"""The `.env` file gets its key; a URI says its database."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from segmentacion.env import database_name_in, ensure_secret_key, positive


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def key_in(file: Path) -> str:
    (line,) = [line for line in file.read_text().splitlines() if line.startswith("SECRET_KEY=")]
    return line.removeprefix("SECRET_KEY=")


def test_what_has_to_be_more_than_nothing_is() -> None:
    assert positive("LOGIN_TRIES", 5) == 5
    for value in (0, -1, float("nan")):
        with pytest.raises(ImproperlyConfigured, match="LOGIN_TRIES"):
            positive("LOGIN_TRIES", value)


def test_it_makes_the_file_with_a_long_key(file: Path) -> None:
    assert ensure_secret_key(file)
    assert len(key_in(file)) > 50


def test_two_keys_differ(file: Path, tmp_path: Path) -> None:
    ensure_secret_key(file)
    ensure_secret_key(tmp_path / "other")
    assert key_in(file) != key_in(tmp_path / "other")


def test_only_the_owner_reads_it(file: Path) -> None:
    file.write_text("PORT=9000\n")
    file.chmod(0o644)
    ensure_secret_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line", ["SECRET_KEY=mía", 'SECRET_KEY="mía"', "export SECRET_KEY=mía", "  SECRET_KEY = mía"]
)
def test_a_key_that_is_there_stays(file: Path, line: str) -> None:
    file.write_text(f"{line}\n")
    assert not ensure_secret_key(file)
    assert file.read_text() == f"{line}\n"


@pytest.mark.parametrize("line", ["SECRET_KEY=", 'SECRET_KEY=""', "export SECRET_KEY="])
def test_an_empty_line_is_filled_in(file: Path, line: str) -> None:
    file.write_text(f"{line}\n")
    assert ensure_secret_key(file)
    assert key_in(file).strip("\"'")


def test_the_other_lines_stay(file: Path) -> None:
    file.write_text("# mío\nPORT=9000\nSECRET_KEY=\n\nTIME_ZONE=UTC")
    ensure_secret_key(file)
    assert file.read_text().splitlines()[:-1] == ["# mío", "PORT=9000", "", "TIME_ZONE=UTC"]


def test_a_commented_key_is_not_a_key(file: Path) -> None:
    file.write_text("# SECRET_KEY=vieja\n")
    assert ensure_secret_key(file)
    assert key_in(file) != "vieja"


def test_nothing_else_is_left_in_the_folder(file: Path) -> None:
    ensure_secret_key(file)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("", ""),
        ("mongodb://localhost", ""),
        ("mongodb://localhost/", ""),
        ("mongodb://localhost/iemsa", "iemsa"),
        ("mongodb://u:p@a,b,c/iemsa?replicaSet=rs0", "iemsa"),
        ("mongodb+srv://u:p@cluster.example.com/iemsa?retryWrites=true", "iemsa"),
        ("mongodb+srv://cluster.example.com", ""),
        ("not a uri", ""),
        ("mongodb://", ""),
    ],
)
def test_a_uri_says_its_database(uri: str, name: str) -> None:
    assert database_name_in(uri) == name
