"""Settings: the environment, `.env`, and what has no default."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags, run_checks

from segmentacion.checks import ANY_HOST
from tests.frame.processes import answer
from tests.site import ROOT, environment, manage

# The setting that says where the file is cannot be in the file.
NOT_IN_THE_FILE = {"ENV_FILE"}
PRINTED = """
import json
from segmentacion import settings
print(json.dumps({n: getattr(settings, n) for n in dir(settings) if n.isupper()}, default=str))
"""
ASKED_OVER_HTTP = """
import json
from django.test import Client
def seen(path, **headers):
    answer = Client(SERVER_NAME="localhost").get(path, headers=headers)
    return [answer.status_code, answer.get("Location"), answer.get("Strict-Transport-Security")]
proxied = {"x-forwarded-proto": "https"}
print(json.dumps([seen("/dashboard"), seen("/healthz"), seen("/healthz", **proxied)]))
"""


def load(env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Load the settings, and nothing else, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", PRINTED],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,  # however busy this machine is
        check=False,
    )


def settings_of(**env: str) -> dict[str, Any]:
    done = load(environment(**env))
    assert done.returncode == 0, done.stderr
    settings: dict[str, Any] = json.loads(done.stdout)
    return settings


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    return settings_of()


@pytest.fixture(scope="module")
def over_https() -> dict[str, Any]:
    return settings_of(HTTPS="true")


def plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that are values; those with functions in them print differently."""
    return {name: value for name, value in settings.items() if "<function" not in str(value)}


def names_read() -> set[str]:
    """Return the names that settings.py asks the environment for."""
    tree = ast.parse((ROOT / "segmentacion" / "settings.py").read_text(encoding="utf-8"))
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and isinstance(node.args[0], ast.Constant)
    }


def names_offered() -> list[str]:
    """Return the names that `.env.example` sets."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return re.findall(r"^([A-Z_]+)=", text, flags=re.MULTILINE)


def test_without_a_secret_key_it_does_not_start_and_says_so() -> None:
    env = environment()
    del env["SECRET_KEY"]
    done = load(env)
    assert done.returncode != 0
    assert "Falta SECRET_KEY" in done.stderr
    assert "make run" in done.stderr


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9001\nWORKERS=3\n", encoding="utf-8")
    settings = settings_of(ENV_FILE=str(file), PORT="9002")
    assert (settings["PORT"], settings["WORKERS"]) == (9002, 3)


def test_the_example_names_every_setting_once() -> None:
    assert sorted(names_offered()) == sorted(names_read() - NOT_IN_THE_FILE)


def test_the_example_changes_no_default(defaults: dict[str, Any]) -> None:
    offered = settings_of(ENV_FILE=str(ROOT / ".env.example"))
    assert plain(offered) == plain(defaults)


def test_the_databases_have_their_names_by_default(defaults: dict[str, Any]) -> None:
    names = [defaults[name] for name in ("MONGO_DB", "CREW_DB", "TRAINING_DB")]
    assert names == ["segmentacion_db", "segmentacion_db", "QUALITY_IEMSA"]


def test_nothing_set_is_the_team_s_own_place_and_closed(defaults: dict[str, Any]) -> None:
    assert defaults["MASKS_BUCKET"] == "training_metrics.masks"
    assert defaults["TIME_ZONE"] == "America/Mexico_City"
    assert Path(defaults["DATA_DIRECTORY"]) == ROOT / "data"
    assert (defaults["DEBUG"], defaults["HTTPS"]) == (False, False)
    assert set(defaults["ALLOWED_HOSTS"]) == {"localhost", "127.0.0.1", "[::1]"}


def test_the_uris_say_the_databases_that_no_setting_names() -> None:
    settings = settings_of(
        MONGO_URI="mongodb://localhost/equipo",
        TRAINING_MONGO_URI="mongodb+srv://u:p@cluster.example.com/mascaras?retryWrites=true",
    )
    names = [settings[name] for name in ("MONGO_DB", "CREW_DB", "TRAINING_DB")]
    assert names == ["equipo", "equipo", "mascaras"]


def test_a_named_database_wins_over_that_of_the_uri() -> None:
    settings = settings_of(
        MONGO_URI="mongodb://localhost/equipo",
        MONGO_DB="otra",
        TRAINING_MONGO_URI="mongodb://localhost/mascaras",
        TRAINING_DB="calidad",
    )
    assert (settings["MONGO_DB"], settings["TRAINING_DB"]) == ("otra", "calidad")


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "muchos"), ("HTTPS", "tal vez"), ("SYNC_MIN_CLEAR_LIMIT", "x")]
)
def test_a_value_of_the_wrong_kind_does_not_pass_for_a_default(
    name: str, value: str, defaults: dict[str, Any]
) -> None:
    done = load(environment(**{name: value}))
    if done.returncode == 0:
        assert json.loads(done.stdout)[name] == defaults[name] is False
    else:
        assert value in done.stderr


def test_over_https_cookies_are_secure_and_hsts_is_on(over_https: dict[str, Any]) -> None:
    secure = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    assert all(over_https[name] is True for name in secure)
    assert over_https["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600


def test_without_https_nothing_of_it_is_on(defaults: dict[str, Any]) -> None:
    assert defaults["SESSION_COOKIE_SECURE"] is False
    assert defaults["SECURE_HSTS_SECONDS"] == 0
    assert defaults["SECURE_PROXY_SSL_HEADER"] is None


def test_over_https_pages_redirect_health_does_not_and_the_proxy_is_believed() -> None:
    page, health, proxied = answer(ASKED_OVER_HTTP, environment(HTTPS="true"))
    assert page[:2] == [301, "https://localhost/dashboard"]
    assert health[0] == 200
    assert proxied[0] == 200
    assert "max-age=31536000" in proxied[2]


def test_the_deployment_check_is_clean_over_https(tmp_path: Path) -> None:
    env = environment(HTTPS="true", STATE_DIRECTORY=str(tmp_path))
    done = manage("check", "--deploy", "--fail-level", "WARNING", env=env)
    assert done.returncode == 0, done.stderr


def test_the_deployment_check_warns_of_a_site_that_takes_any_name(settings: Any) -> None:
    assert run_checks(tags=[Tags.security], include_deployment_checks=True).count(ANY_HOST) == 0
    settings.ALLOWED_HOSTS = ["seg.example.com", "*"]
    assert ANY_HOST in run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert ANY_HOST not in run_checks(tags=[Tags.security])


def test_loading_settings_starts_no_server(tmp_path: Path) -> None:
    settings_of(STATE_DIRECTORY=str(tmp_path / "state"))
    assert os.listdir(tmp_path) == []
