"""The caller's side of the child process that processes images; see `__main__.py`."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

from masks.intake.processing.protocol import Job, ProcessingError, ProcessingResult

logger = logging.getLogger("segmentacion.intake")

ROOT = Path(__file__).resolve().parents[3]
# What starting the child may take on a busy machine; its own clock starts after that.
START_SECONDS = 30.0


def process(
    path: Path,
    *,
    seconds: float,
    memory_mb: int,
    position: int | None = None,
    codes: Path | None = None,
    processor: str = "",
) -> ProcessingResult:
    """Process the image at `path` and return what was found.

    `position`: how many images were taken before this one; with `codes`, the file of codes, it
    decides the image's code (its line `position + 1`). `processor`: a dotted path, instead of the
    one of the settings. The image is only read. Raises ProcessingError with a message for the
    person; its `poisonous` tells that trying again is pointless.
    """
    job = Job(path.resolve(), position, codes.resolve() if codes else None, memory_mb)
    answer = _ask(job, processor or _configured(), seconds)
    if "result" in answer:
        fields = answer["result"]
        return ProcessingResult(
            **{**fields, "preview": _bytes(fields["preview"]), "mask": _bytes(fields["mask"])}
        )
    if answer.get("trace"):
        logger.error("The processor failed:\n%s", answer["trace"])
    raise ProcessingError(answer["error"], poisonous=answer["poisonous"])


def _ask(job: Job, processor: str, seconds: float) -> dict[str, Any]:
    """Start a child that knows the code and nothing else (no settings, no secrets), and end it
    and all that it started, whatever happens."""
    child = subprocess.Popen(
        [sys.executable, "-m", "masks.intake.processing"],
        cwd=ROOT,
        env={k: v for k in ("PATH", "PYTHONPATH") if (v := os.environ.get(k))}
        | {"PYTHONUTF8": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    asked = {
        "path": str(job.path),
        "position": job.position,
        "codes": str(job.codes) if job.codes else None,
        "memory_mb": job.memory_mb,
        "seconds": seconds,
        "processor": processor,
    }
    try:
        out, _ = child.communicate(json.dumps(asked).encode(), seconds + START_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise _too_slow(seconds) from error
    finally:
        _end(child)
    return _answer(child, out, seconds)


def _end(child: "subprocess.Popen[bytes]") -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.communicate()


def _answer(child: "subprocess.Popen[bytes]", out: bytes, seconds: float) -> dict[str, Any]:
    if out.endswith(b"\n"):
        answer: dict[str, Any] = json.loads(out)
        return answer
    if child.returncode == -getattr(signal, "SIGALRM", 0):
        raise _too_slow(seconds)
    raise ProcessingError(
        "El programa que procesa la imagen se detuvo de pronto; puede ser por falta de memoria."
    )


def _too_slow(seconds: float) -> ProcessingError:
    return ProcessingError(f"La imagen no se terminó de procesar en {seconds:g} s.")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)


def _configured() -> str:
    from django.conf import settings  # noqa: PLC0415 (the child loads this package, not Django)

    name: str = settings.INTAKE_PROCESSOR
    return name
