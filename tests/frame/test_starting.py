"""What a process of the product does before its work: not more than import."""

import json
import subprocess
import sys

from tests.frame.processes import on_test_server
from tests.site import ROOT

# Notes every program that is started from here on.
IMPORTING = """
import json, sys
started = []
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and started.append(args[1]))
import subprocess
subprocess.run([sys.executable, "-c", ""], check=True)
import django
django.setup()
import segmentacion.urls
from django.db import connections
connections["default"]
print(json.dumps([len(started), "django_mongodb_backend.base" in sys.modules]))
"""


def test_importing_all_of_it_starts_no_other_program() -> None:
    env = on_test_server("nadie", DJANGO_SETTINGS_MODULE="segmentacion.settings")
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING],
        env=env, cwd=ROOT, capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == [1, True]  # the one that shows that they are noticed
