"""The child: takes one job on standard input, answers with one line of JSON, and ends."""

import json
import os
import signal
import sys
import traceback
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from masks.intake.processing.protocol import Job, ProcessingError, ProcessingResult

PREVIEW_BYTES = 2 << 20
MASK_BYTES = 8 << 20
EXTRA_BYTES = 64 << 10
MAX_TEXT = 200
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
NO_MEMORY = "Procesar la imagen necesita más memoria de la permitida."


def main() -> None:
    told = _keep_output()
    asked = json.loads(sys.stdin.buffer.read())
    if hasattr(os, "nice"):
        os.nice(10)
    answer = _answer(asked)
    with os.fdopen(told, "wb") as out:
        out.write(json.dumps(answer).encode() + b"\n")


def _keep_output() -> int:
    """Take standard output for the answer alone: what a processor prints goes nowhere."""
    told = os.dup(1)
    os.dup2(2, 1)
    return told


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": _result(asked)}
    except ProcessingError as error:
        return {"error": str(error), "poisonous": error.poisonous}
    except MemoryError:
        return {"error": NO_MEMORY, "poisonous": True}
    except Exception as error:
        # A processor of somebody else's: whatever it raises is told, and the image waits.
        words = f"El procesador falló con un error suyo ({type(error).__name__})."
        return {"error": words, "poisonous": False, "trace": traceback.format_exc()[-4000:]}


def _result(asked: dict[str, Any]) -> dict[str, Any]:
    processor = _load(asked["processor"])
    job = Job(
        Path(asked["path"]),
        asked["position"],
        Path(asked["codes"]) if asked["codes"] else None,
        asked["memory_mb"],
    )
    _limit(asked["seconds"], asked["memory_mb"])
    fields = asdict(_checked(processor(job)))
    for name in ("preview", "mask"):
        fields[name] = None if fields[name] is None else b64encode(fields[name]).decode()
    return fields


def _load(name: str) -> Callable[[Job], ProcessingResult]:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)  # type: ignore[no-any-return]
    except (ImportError, AttributeError, ValueError) as error:
        raise ProcessingError(f"INTAKE_PROCESSOR: no se puede cargar «{name}».") from error


def _limit(seconds: float, memory_mb: int) -> None:
    """Let the system refuse what would be too much, and end this process when time is up."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 (not everywhere)

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + (memory_mb << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _checked(result: object) -> ProcessingResult:
    """Hold what a processor returns against the protocol: browsers and MongoDB are given it."""
    if not isinstance(result, ProcessingResult):
        raise _broken("no devolvió un ProcessingResult")
    _check_image(result.preview, "preview", JPEG, PREVIEW_BYTES)
    _check_image(result.mask, "mask", PNG, MASK_BYTES)
    if not (isinstance(result.width, int) and isinstance(result.height, int)):
        raise _broken("width y height deben ser enteros")
    if min(result.width, result.height) < 1:
        raise _broken("width y height deben ser mayores que 0")
    texts = (result.sha256, result.format, result.code or "")
    if not all(isinstance(text, str) and len(text) <= MAX_TEXT for text in texts):
        raise _broken(f"sha256, format y code deben ser textos de hasta {MAX_TEXT} caracteres")
    try:
        size = len(json.dumps(result.extra, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _broken("extra tiene algo que JSON no sabe decir") from error
    if not isinstance(result.extra, dict) or size > EXTRA_BYTES:
        raise _broken(f"extra debe ser un dict de hasta {EXTRA_BYTES >> 10} KB")
    return result


def _check_image(content: object, name: str, start: bytes, limit: int) -> None:
    if content is None:
        return
    if not isinstance(content, bytes) or not content.startswith(start):
        raise _broken(f"{name} no es un {'JPEG' if start is JPEG else 'PNG'}")
    if len(content) > limit:
        raise _broken(f"{name} pasa de {limit >> 20} MB")


def _broken(what: str) -> ProcessingError:
    return ProcessingError(f"El procesador no cumple su protocolo: {what}.")


if __name__ == "__main__":
    main()
