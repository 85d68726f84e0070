"""Starting the guard for the current process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

_GUARD_MODULE = "segmentacion.mongo.embedded.guard"
_PROJECT = Path(__file__).resolve().parents[3]


def spawn_guard(
    folder: Path, *, binary: str | None = None, replica_set: bool = True
) -> subprocess.Popen[bytes]:
    """Start a light process that keeps the server of ``folder`` up while this process lives.

    It has a session of its own and writes its events to our stderr. It ends by itself after
    us, or on SIGTERM: terminate it and wait for it to stop the server with the last user.
    """
    parent = psutil.Process()
    command = [sys.executable, "-m", _GUARD_MODULE, str(folder.expanduser().resolve())]
    command += ["--parent", str(parent.pid), "--parent-created", repr(parent.create_time())]
    if binary is not None:
        command += ["--binary", binary]
    if not replica_set:
        command.append("--standalone")
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
    )
