"""An installation of its own for backups and restores: a server, batches, a backup of them."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.mongods import server_in
from tests.site import ROOT, environment, manage

# Runs a command of the product, and dies without a word when a function is called for the nth
# time.
DYING = """
import importlib, os, signal, sys
import django
django.setup()
module, name, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
place = importlib.import_module(module)
real, calls = getattr(place, name), [0]
def dying(*args, **kwargs):
    calls[0] += 1
    if calls[0] == times:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
setattr(place, name, dying)
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[4:]])
"""


class Installation:
    """A main server of its own, with 300 batches and a backup of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = server_in(folder / "main")
        self.env = environment(
            MONGO_URI=self.server.ensure(), STATE_DIRECTORY=str(folder / "state")
        ) | {"DJANGO_SETTINGS_MODULE": "segmentacion.settings"}
        assert manage("migrate", "-v", "0", env=self.env).returncode == 0
        self.fill("antes")
        made = manage("backup", "--json", env=self.env)
        self.backup = json.loads(made.stdout)["file"]

    @property
    def database(self) -> Any:
        return MongoClient(self.server.ensure())["segmentacion_db"]

    def fill(self, comments: str) -> None:
        """Give every batch and every person this comment."""
        for name in ("batches", "segmentadores"):
            self.database[name].delete_many({})
        self.database.batches.insert_many(
            {"id": f"batch_{n:06d}F", "comments": comments, "history": [], "version": 1}
            for n in range(300)
        )
        self.database.segmentadores.insert_one({"name": "Flor", "comments": comments})
        state = self.database.app_state
        state.update_one({"_id": "version:batches"}, {"$inc": {"value": 1}}, upsert=True)

    def comments(self) -> set[str]:
        """Return the comments found, of people and of batches."""
        return {
            comment
            for name in ("batches", "segmentadores")
            for comment in self.database[name].distinct("comments")
        }

    def die_in(self, module: str, name: str, times: int, *args: str) -> int:
        command = [sys.executable, "-c", DYING, module, name, str(times), *args]
        done = subprocess.run(
            command, env=self.env, cwd=ROOT, capture_output=True, timeout=120, check=False
        )
        self.database.leases.delete_many({})  # what waiting a minute would do
        return done.returncode

    def on_a_disk_of(self, size: int, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run a command that finds the disk full when a file grows beyond so many bytes."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *args],
            env=self.env | {"PYTHONDONTWRITEBYTECODE": "1"},  # it would be cut, and stay so
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def resume(self) -> None:
        done = manage("restore", "--resume", env=self.env)
        assert done.returncode == 0, done.stderr

    def check_clean(self) -> None:
        """Assert that nothing of a restore is left over, and batches are all there."""
        names = self.database.list_collection_names()
        assert [name for name in names if name.startswith("restore_")] == []
        assert not list(self.folder.rglob(".restauracion-*"))
        assert self.database.batches.count_documents({}) == 300
        assert {"id_1", "status_1_id_1"} <= set(self.database.batches.index_information())
        left = {"step": {"$in": ["loading", "swapping"]}}
        assert self.database.restores.count_documents(left) == 0
