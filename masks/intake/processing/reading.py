"""Opening an image that nobody vouches for: what it is, whether it is whole, whether it fits."""

import hashlib
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from masks.intake.processing.protocol import ProcessingError
from masks.verifying.images import FORMATS, PIXEL_BYTES

PIECE = 1 << 20
# Bytes a pixel needs besides the decoded image: in grey and as a mask; before that, for a mode
# that is not listed, in other colours.
WORK_BYTES = {"L": 3, "RGB": 3}
MOST_WORK_BYTES = 10
ORIENTATION = 0x0112


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file that has something in it. Raises ProcessingError."""
    try:
        # Without waiting: a pipe with an image's name would be waited for without end.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise ProcessingError("El archivo ya no está en su carpeta.") from error
    except PermissionError as error:
        raise ProcessingError("No hay permiso para leer el archivo.") from error
    except OSError as error:
        raise ProcessingError(f"El archivo no se puede leer ({error.strerror}).") from error
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode):
        os.close(number)
        raise ProcessingError("No es un archivo.", poisonous=True)
    with os.fdopen(number, "rb") as file:
        if not status.st_size:
            raise ProcessingError("El archivo está vacío (0 bytes).", poisonous=True)
        yield file


def sha256_of(file: BinaryIO) -> str:
    """Return the SHA-256 of a whole file, read in pieces; leaves it at its beginning."""
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


@contextmanager
def decoded(file: BinaryIO, memory_mb: int) -> Iterator[Image.Image]:
    """Decode an image whole, checksums included. Raises ProcessingError when it is none."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            _check_fits(image, memory_mb)
            image.verify()
        file.seek(0)
        with Image.open(file, formats=FORMATS) as image:
            image.load()
            yield image
    except (ProcessingError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise ProcessingError(
            "No es una imagen, o de un formato que no se conoce: su contenido no es PNG, JPEG, "
            "TIFF, BMP, WebP, GIF, JPEG 2000 ni PNM.",
            poisonous=True,
        ) from error
    except Exception as error:
        # Decoders raise whatever a broken file makes them trip over: all mean the same here.
        raise ProcessingError(
            f"La imagen está dañada o incompleta: no se puede abrir ({type(error).__name__}).",
            poisonous=True,
        ) from error


def too_big(size: tuple[int, int]) -> ProcessingError:
    """Return the error of an image that would take more memory than there is."""
    return ProcessingError(
        f"La imagen es demasiado grande ({size[0]:,} × {size[1]:,} píxeles): abrirla necesita "
        "más memoria de la permitida.",
        poisonous=True,
    )


def upright(image: Image.Image) -> Image.Image:
    """Return the image as cameras mean it to be seen, by its EXIF orientation."""
    return ImageOps.exif_transpose(image)


def in_colour(image: Image.Image) -> Image.Image:
    """Return the image in grey or RGB of 8 bits: on white where it is transparent, 16 bits and
    floating point stretched to what they use, CMYK converted."""
    if image.mode in {"L", "RGB"} and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return _stretched(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    return image.convert("L" if image.mode == "1" else "RGB")


def _stretched(image: Image.Image) -> Image.Image:
    wide = image.convert("F")
    low, high = wide.getextrema()
    if not (isinstance(low, float) and isinstance(high, float)):
        raise ProcessingError("La imagen tiene un tipo de píxel que no se conoce.", poisonous=True)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ProcessingError("La imagen tiene píxeles que no son números.", poisonous=True)
    scale = 255.0 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale - low * scale).convert("L")


def _check_fits(image: Image.Image, memory_mb: int) -> None:
    each = PIXEL_BYTES.get(image.mode, 4) + WORK_BYTES.get(image.mode, MOST_WORK_BYTES)
    if image.width * image.height * each > memory_mb << 20:
        raise too_big(image.size)
