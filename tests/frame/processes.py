"""Python in a process of its own, with settings of its own."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.site import ROOT

START = "import django; django.setup()\n"


def on_test_server(database: str, **settings: str) -> dict[str, str]:
    """Return the tests' environment (their real mongod) with another database."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "MONGO_DB": database, **settings}


def start(code: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    """Start Python on this code, settings loaded; whoever calls waits for it."""
    given = {"DJANGO_SETTINGS_MODULE": "segmentacion.settings", **env}
    return subprocess.Popen(
        [sys.executable, "-c", START + code],
        env=given,
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def answer(code: str, env: dict[str, str]) -> Any:
    """Run code to its end and return the JSON that it prints."""
    process = start(code, env)
    printed, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    return json.loads(printed)
