"""The caller's side of a child process that reads archives; see `__main__.py`.

A child per archive would cost 0.2 s each, so that one serves many. It has limits of its own; if
it still hangs or dies, it is killed or replaced, and the archive has a verdict all the same.
"""

import json
import os
import struct
import subprocess
import sys
import threading
from base64 import b64decode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from batches.rules.verdicts import VerdictKind
from masks.rules.sheets import Sheet
from masks.rules.verdicts import (
    Counts,
    Finding,
    Findings,
    Limits,
    Member,
    Trouble,
    Verdict,
    conclude,
)

ROOT = Path(__file__).resolve().parents[2]
# What a child may take over its own time limit, for a decoder that cannot be interrupted.
GRACE_SECONDS = 1.5
HUNG = "no se terminó de verificar: una imagen no se acabó de abrir a tiempo"
DIED = "no se terminó de verificar: el programa que lo leía se detuvo"


class Source(Protocol):
    """A file to be inspected, by chunks of equal size but the last."""

    @property
    def length(self) -> int: ...
    @property
    def chunk_size(self) -> int: ...
    def check(self) -> Finding | None:
        """Return what is wrong with its storage, before its content is looked at."""

    def chunk(self, number: int) -> bytes: ...


@dataclass(frozen=True)
class Inspected:
    """A verdict and the most memory the reading process ever had, in bytes (0: not known)."""

    verdict: Verdict
    peak_bytes: int = 0


class Worker:
    """Inspects one archive at a time in a child process, started when first needed."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the child; it holds nothing that could be lost."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def inspect(self, source: Source, limits: Limits) -> Inspected:
        """Return the verdict on a file. What the source raises comes through: a file that
        vanished or a store that went away has no verdict."""
        finding = source.check()
        if finding is not None:
            return Inspected(_of(finding))
        try:
            return self._ask(source, limits)
        except BaseException:
            self.close()
            raise

    def sheet(self, source: Source, limits: Limits) -> Sheet:
        """Return the contact sheet of a file's masks. What the source raises comes through."""
        finding = source.check()
        if finding is not None:
            return Sheet(reason=_of(finding).reason)
        try:
            answer, why = self._answer(source, limits, task="sheet")
        except BaseException:
            self.close()
            raise
        if answer is None:
            return Sheet(reason=why)
        return Sheet(**{**answer["sheet"], "image": b64decode(answer["sheet"]["image"])})

    def _ask(self, source: Source, limits: Limits) -> Inspected:
        answer, why = self._answer(source, limits)
        if answer is None:
            return Inspected(_of(Finding(Trouble.UNFINISHED, detail=why)))
        return Inspected(_verdict(answer["verdict"]), int(answer["peak_bytes"]))

    def _answer(
        self, source: Source, limits: Limits, *, task: str = "inspect"
    ) -> tuple[dict[str, Any] | None, str]:
        """Return the child's answer; None and why when it hung or died, and was ended."""
        child = self._child = self._child or _start()
        hung = threading.Event()

        def end() -> None:
            hung.set()
            child.kill()

        timer = threading.Timer(limits.seconds + GRACE_SECONDS, end)
        timer.start()
        try:
            answer = _converse(child, source, limits, task)
        finally:
            timer.cancel()
            timer.join()
        if answer is None or hung.is_set():  # an answer in the very last moment still counts
            self.close()
        return answer, HUNG if hung.is_set() else DIED


def _start() -> "subprocess.Popen[bytes]":
    """Start a child that knows the code and nothing else: no settings, no secrets."""
    return subprocess.Popen(
        [sys.executable, "-m", "masks.verifying"],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _converse(
    child: "subprocess.Popen[bytes]", source: Source, limits: Limits, task: str
) -> dict[str, Any] | None:
    """Give the child its job and the chunks it asks for; return its answer, None if it died."""
    assert child.stdin is not None and child.stdout is not None  # noqa: PT018
    job = {
        "task": task,
        "length": source.length,
        "chunk_size": source.chunk_size,
        "limits": asdict(limits),
    }
    message = json.dumps(job).encode() + b"\n"
    while True:
        try:
            child.stdin.write(message)
            child.stdin.flush()
        except BrokenPipeError:
            return None
        line = child.stdout.readline()
        if not line.endswith(b"\n"):
            return None
        if line.startswith(b"V "):
            answer: dict[str, Any] = json.loads(line[2:])
            return answer
        data = source.chunk(int(line[2:]))
        message = struct.pack("<L", len(data)) + data


def _of(finding: Finding) -> Verdict:
    """Return the verdict of an archive of which nothing but this is known."""
    findings = Findings()
    findings.add(finding.trouble, finding.name, finding.detail)
    return conclude(findings, Counts())


def _verdict(document: dict[str, Any]) -> Verdict:
    members = (
        Member(m["name"], tuple(m["size"]) if m["size"] else None, tuple(m["troubles"]))
        for m in document["members"]
    )
    return Verdict(
        kind=VerdictKind(document["kind"]),
        reason=document["reason"],
        counts=Counts(**document["counts"]),
        members=tuple(members),
        troubles=tuple(document["troubles"]),
        truncated=document["truncated"],
        finished=document["finished"],
    )
