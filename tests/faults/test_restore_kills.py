"""A restore, and the server below it, killed at moments nobody chose. Real processes, SIGKILL.

`SOAK=1` (make soak) kills thirty times of each.
"""

import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.faults.installation import Installation
from tests.faults.writers import SOAK
from tests.site import ROOT

pytestmark = pytest.mark.faults
ROUNDS = 30 if SOAK else 1
WAIT = 120.0


class Killed:
    """A restore under way, from when it holds its lease; what it takes undisturbed is measured."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.window = self.undisturbed()

    def begin(self) -> "subprocess.Popen[bytes]":
        self.installation.fill("después")
        leases = self.installation.database.leases
        leases.delete_many({})
        command = [sys.executable, str(ROOT / "manage.py"), "restore", self.installation.backup]
        process = subprocess.Popen(
            [*command, "--yes"],
            env=self.installation.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + WAIT
        while process.poll() is None and time.monotonic() < deadline:
            if self.installation.database.leases.find_one(
                {"_id": "restore", "holder": {"$ne": None}}
            ):
                break
            time.sleep(0.002)
        return process

    def undisturbed(self) -> float:
        process = self.begin()
        began = time.monotonic()
        assert process.wait(WAIT) == 0
        return time.monotonic() - began

    def check(self) -> None:
        """Assert that it ends whole, one way or the other."""
        self.installation.database.leases.delete_many({})  # what waiting a minute would do
        self.installation.resume()
        assert self.installation.comments() in ({"antes"}, {"después"})
        self.installation.check_clean()


@pytest.fixture(scope="module")
def killed(installation: Installation) -> Killed:
    return Killed(installation)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_the_restore_killed_at_any_moment_ends_whole(killed: Killed, seed: int) -> None:
    process = killed.begin()
    time.sleep(random.Random(seed).uniform(0, killed.window))
    process.kill()
    process.wait(WAIT)
    killed.check()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_mongod_killed_at_any_moment_of_a_restore_leaves_it_whole(
    killed: Killed, seed: int
) -> None:
    process = killed.begin()
    time.sleep(random.Random(1_000 + seed).uniform(0, killed.window))
    pid = killed.installation.server.status().pid
    assert pid is not None
    server = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    server.wait(WAIT)
    killed.installation.server.ensure()
    process.wait(WAIT)
    killed.check()
