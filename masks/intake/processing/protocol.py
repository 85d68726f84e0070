"""What a processor of images is given and what it returns; see docs/intake-processing.md."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class ProcessingError(Exception):
    """An image could not be processed; the message says why, in Spanish.

    `poisonous`: the image itself is at fault, so trying again without changing it is pointless.
    """

    def __init__(self, message: str, *, poisonous: bool = False) -> None:
        super().__init__(message)
        self.poisonous = poisonous


@dataclass(frozen=True)
class ProcessingResult:
    """What is known of an image once it was processed.

    `sha256` is of the file's bytes; `width` and `height` are as it is shown, turned upright.
    `preview` is a JPEG of 512 pixels a side at most, `mask` a PNG of the image's own size,
    foreground white. `extra` is stored and shown as it is: only what JSON has; its list `notes`
    is for people.
    """

    sha256: str
    width: int
    height: int
    format: str
    preview: bytes | None = None
    mask: bytes | None = None
    code: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One image to process: its file, how many were taken before it, the file of codes, and how
    much memory there is (in MB)."""

    path: Path
    position: int | None = None
    codes: Path | None = None
    memory_mb: int = 512


class Processor(Protocol):
    """A processor: any callable of this form. It runs in a child process with limits."""

    def __call__(self, job: Job) -> ProcessingResult: ...
