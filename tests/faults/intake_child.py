"""A process that starts others to work the intake, each of which fails where it is told.

``python -m tests.faults.intake_child`` reads orders (JSON, one a line) and answers each with one
line: the exit code of the process that carried it out (-9: it was killed), how many steps it made,
the last of them, what it reported. Forking after Django is set up makes each cost milliseconds.

A step is every durable thing the protocol does: a write of a document, an fsync, a rename, a
removal, a piece that is read, the processing; there is a point before it and one after it.
"""

import ctypes
import json
import mmap
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django

DONE, TROUBLE, FAILED = 0, 3, 4
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1 << 1, 1 << 2
CAPABILITY_VERSION_3 = 0x20080522
ROOM = 64 * 1024


class Steps:
    """Counts the steps of the main thread, and does the deed at one of them."""

    def __init__(self, board: mmap.mmap, at: int | None, deed: Callable[[], None]) -> None:
        self.board, self.at, self.deed, self.count = board, at, deed, 0

    def reach(self, label: str) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self.count += 1
        write(self.board, {"steps": self.count, "last": label})
        if self.count == self.at:
            self.deed()

    def wrap(self, owner: Any, name: str, label: Callable[..., str]) -> None:
        real = getattr(owner, name)

        def stepped(*args: Any, **kwargs: Any) -> Any:
            what = label(*args)
            self.reach(f"before {what}")
            result = real(*args, **kwargs)
            self.reach(f"after {what}")
            return result

        setattr(owner, name, stepped)


def main() -> None:
    django.setup()
    # Before forking, so that children do not each import it.
    from masks.intake import services
    from tests.intake import place

    assert services
    assert place
    board = mmap.mmap(-1, ROOM)
    for line in sys.stdin:
        order = json.loads(line)
        write(board, {"steps": 0, "last": ""})
        child = os.fork()
        if child == 0:
            os._exit(carry_out(order, board))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"code": code, **read(board)}), flush=True)


def carry_out(order: dict[str, Any], board: mmap.mmap) -> int:
    """Work through the queue as ordered; return the exit code."""
    from django.conf import settings
    from django.db import connections

    settings.MONGO_URI = order["uri"]
    connections["default"].settings_dict["NAME"] = order["database"]
    settings.DATA_DIRECTORY = Path(order["folder"])
    settings.INTAKE_SETTLE_SECONDS = 0
    settings.INTAKE_RETRY_SECONDS = 0
    settings.INTAKE_ATTEMPTS = order.get("attempts", 6)
    settings.MONGO_OPTIONS["serverSelectionTimeoutMS"] = order.get("patience_ms", 4_000)
    if order.get("powerless"):
        drop_power()
    if order.get("file_limit") is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_limit"], order["file_limit"]))
    if order.get("prepare"):
        from masks.models import IntakeImage
        from segmentacion.mongo.indexes import ensure_declared

        ensure_declared(IntakeImage)
        return DONE
    steps = Steps(board, order.get("at"), deed_of(order))
    watch_steps(steps)
    return work(steps)


def work(steps: Steps) -> int:
    from masks.intake.services import TROUBLES, RunReport, run
    from masks.presenting.intake_reports import run_json
    from segmentacion.http.json import dumps
    from tests.intake.place import WHO

    report = RunReport()
    try:
        for _ in run(actor=WHO, report=report, sleep=lambda seconds: None):
            pass
    except TROUBLES as error:
        write(steps.board, {"steps": steps.count, "last": "", "trouble": str(error)})
        return TROUBLE
    except Exception as error:
        write(steps.board, {"steps": steps.count, "last": "", "trouble": repr(error)})
        return FAILED
    shown = json.loads(dumps(run_json(report)))
    write(steps.board, {"steps": steps.count, "last": "", "report": shown})
    return DONE


def watch_steps(steps: Steps) -> None:
    """Make every durable thing that the intake does a step."""
    from pymongo.collection import Collection

    from masks.intake import folders, store
    from masks.intake.services import processing, uploading
    from tests.intake.place import process_here

    for name in ("insert_one", "insert_many", "find_one_and_update", "update_one", "delete_one"):
        steps.wrap(Collection, name, lambda *args, name=name: label_of(name, *args))
    steps.wrap(os, "fsync", lambda *args: "fsync")
    steps.wrap(folders, "rename_new", lambda source, target: f"rename to {target.parent.name}")
    steps.wrap(Path, "unlink", lambda path: f"removal from {path.parent.name}")
    processing.process = process_here  # type: ignore[assignment]
    steps.wrap(processing, "process", lambda *args: "processing")
    store.content = counted(steps, store.content, "reading back")
    folders.pieces = counted(steps, folders.pieces, "reading a file")
    uploading.pieces = folders.pieces


def counted(steps: Steps, real: Callable[..., Iterator[bytes]], what: str) -> Any:
    def pieces(*args: Any) -> Iterator[bytes]:
        for piece in real(*args):
            steps.reach(what)
            yield piece

    return pieces


def label_of(name: str, collection: Any, *args: Any) -> str:
    """Name a write by its collection and, for an image, the state that it writes."""
    document = args[-1] if args else {}
    values = document.get("$set", document) if isinstance(document, dict) else {}
    state = values.get("state", "") if isinstance(values, dict) else ""
    return f"{name} {collection.name} {state}".strip()


def deed_of(order: dict[str, Any]) -> Callable[[], None]:
    if victim := order.get("mongod"):
        return lambda: end(victim)
    return lambda: os.kill(os.getpid(), signal.SIGKILL)


def end(pid: int) -> None:
    """Kill a process that is not ours to wait for, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.01)


def drop_power() -> None:
    """Give up root's right to pass by permissions, so that a folder's mode means something."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(header, data) == 0
    data[0] &= ~(CAP_DAC_OVERRIDE | CAP_DAC_READ_SEARCH)
    assert libc.capset(header, data) == 0


def write(board: mmap.mmap, value: dict[str, Any]) -> None:
    text = json.dumps(value).encode()[: ROOM - 1]
    board.seek(0)
    board.write(text + b"\n")


def read(board: mmap.mmap) -> dict[str, Any]:
    board.seek(0)
    found: dict[str, Any] = json.loads(board.readline())
    return found


if __name__ == "__main__":
    main()
