"""The child: takes jobs on standard input, asks for chunks, answers with verdicts.

caller: a line of JSON, the job      child: `C <n>`, give me chunk n
caller: 4 bytes of length, the chunk child: `V <json>`, the verdict (or the contact sheet, when
                                     the job's `task` is that); then the next job
"""

import json
import os
import struct
import sys
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from masks.rules.verdicts import Limits
from masks.verifying import images  # noqa: F401 (its libraries are loaded before the limit holds)
from masks.verifying.inspection import inspect
from masks.verifying.sheet import make_sheet
from masks.verifying.source import StoredFile

# What a child may take beyond what it has when it begins: the limits of `Limits` together.
ROOM = 200 << 20
SHEET = "sheet"


def main() -> None:
    asked, told = sys.stdin.buffer, sys.stdout.buffer
    os.nice(10)
    _limit_memory()
    while line := asked.readline():
        told.write(b"V " + json.dumps(_answer(json.loads(line), asked, told)).encode() + b"\n")
        told.flush()


def _answer(job: dict[str, Any], asked: BinaryIO, told: BinaryIO) -> dict[str, Any]:
    def fetch(number: int) -> bytes:
        told.write(b"C %d\n" % number)
        told.flush()
        (size,) = struct.unpack("<L", _exactly(asked, 4))
        return _exactly(asked, size)

    source = StoredFile(fetch, length=job["length"], chunk_size=job["chunk_size"])
    limits = Limits(**job["limits"])
    if job.get("task") == SHEET:
        sheet = asdict(make_sheet(source, limits))
        return {"sheet": {**sheet, "image": b64encode(sheet["image"]).decode()}}
    return {"verdict": inspect(source, limits).as_document(), "peak_bytes": _peak()}


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        sys.exit(0)  # the caller is gone
    return data


def _limit_memory() -> None:
    """Let the system refuse what would be too much: a hostile file then fails by itself."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 (not everywhere)

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _peak() -> int:
    """Return the most memory this program ever had, in bytes; 0 where that is not known.

    Not `getrusage`: its figure is inherited from the process that started this one.
    """
    if sys.platform != "linux":
        return 0
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(
        (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0
    )


if __name__ == "__main__":
    main()
