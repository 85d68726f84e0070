"""Collecting the static files, only when they are not those collected before.

A site that runs serves them from the same folder: writing them anew under it would cut answers.
"""

import fcntl
import hashlib
import os
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

STAMP, LOCK = ".collected", ".lock"


def collect() -> bool:
    """Collect unless that was done with these very files; return whether it was needed.

    Two at once: the second waits, and then has nothing to do. Raises OSError.
    """
    folder = Path(settings.STATIC_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, wanted = folder / STAMP, fingerprint()
        if stamp.exists() and stamp.read_text("utf-8") == wanted:
            return False
        stamp.unlink(missing_ok=True)
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(wanted, "utf-8")
        return True


def fingerprint() -> str:
    """Return what changes with any of the files: their names, sizes and times."""
    storage = settings.STORAGES["staticfiles"]["BACKEND"]
    seen = [f"{django.__version__} {storage}"]
    for finder in get_finders():
        for path, source in finder.list([]):
            found = os.stat(source.path(path))
            seen.append(f"{path} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(seen)).encode()).hexdigest()
