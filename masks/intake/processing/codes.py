"""Which code an image gets: images in order with the lines of a text file."""

from pathlib import Path
from typing import TextIO

from masks.intake.processing.protocol import ProcessingError

MAX_CODE = 200
MAX_LINE = 10_000  # a line without end is not read whole


def code_at(codes: Path | None, position: int | None) -> str | None:
    """Return the code of the image before which `position` others were taken.

    Blank lines do not count. None when there is no file, or it has fewer codes than images.
    Raises ProcessingError, worth trying again, when the file or the line cannot be used.
    """
    if codes is None or position is None:
        return None
    try:
        with codes.open(encoding="utf-8-sig") as lines:
            return _pick(lines, position, codes.name)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ProcessingError(f"{codes.name} no es un texto en UTF-8.") from error
    except OSError as error:
        raise ProcessingError(f"{codes.name} no se puede leer ({error.strerror}).") from error


def _pick(lines: TextIO, position: int, name: str) -> str | None:
    seen = -1
    while line := lines.readline(MAX_LINE):
        if not (code := line.strip()):
            continue
        seen += 1
        if seen == position:
            return _checked(code, f"{name}, código {position + 1:,}")
    return None


def _checked(code: str, where: str) -> str:
    if len(code) > MAX_CODE:
        raise ProcessingError(f"{where}: tiene más de {MAX_CODE} caracteres.")
    if not code.isprintable():
        raise ProcessingError(f"{where}: tiene caracteres que no se pueden mostrar.")
    return code
