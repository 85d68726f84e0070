"""Processors of somebody else's, good and bad; each runs in the child, where only it is loaded."""

import hashlib
import os
import subprocess
import sys
import time

from masks.intake.processing.protocol import Job, ProcessingError, ProcessingResult


def plain(job: Job) -> ProcessingResult:
    """Say what it was given, and what it can see."""
    seen = {
        "position": job.position,
        "memory_mb": job.memory_mb,
        "modules": sorted({"django", "pymongo", "bson"} & set(sys.modules)),
        "secrets": [name for name in os.environ if "SECRET" in name or "MONGO" in name],
    }
    digest = hashlib.sha256(job.path.read_bytes()).hexdigest()
    return ProcessingResult(digest, 1, 1, "OTRO", code="de otro", extra=seen)


def talkative(job: Job) -> ProcessingResult:
    print("algo en la salida")
    return plain(job)


def refusing(job: Job) -> ProcessingResult:
    raise ProcessingError("Esta imagen no me gusta.", poisonous=True)


def raising(job: Job) -> ProcessingResult:
    raise KeyError(job.path)


def hanging(job: Job) -> ProcessingResult:
    started = subprocess.Popen(["sleep", "600"])  # it keeps the pipe open, too
    job.path.with_suffix(".pid").write_text(str(started.pid))
    time.sleep(600)
    return plain(job)


def greedy(job: Job) -> ProcessingResult:
    hoard = [bytes(1 << 20) for _ in range(4_096)]
    return ProcessingResult("", len(hoard), 1, "")


def dying(job: Job) -> ProcessingResult:
    os._exit(9)


def wrong_type(job: Job) -> object:
    return {"sha256": "…"}


def not_a_jpeg(job: Job) -> ProcessingResult:
    return ProcessingResult("", 1, 1, "", preview=b"<svg onload=alert(1)>")


def endless(job: Job) -> ProcessingResult:
    return ProcessingResult("", 1, 1, "", mask=b"\x89PNG\r\n\x1a\n" + bytes(20 << 20))


def unspeakable(job: Job) -> ProcessingResult:
    return ProcessingResult("", 1, 1, "", extra={"a": object()})
