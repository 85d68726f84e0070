"""Whether an image opens, how big it is, and whether anything is drawn on it."""

import re
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageFile, UnidentifiedImageError

from masks.verifying.budget import Budget

# Formats with a decoder of their own; none that calls another program.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000", "PPM")
NAMED_IMAGE = re.compile(r"\.(png|jpe?g|tiff?|bmp|webp|gif|jp2|p[bgpn]m)$", re.I)
# Bytes a pixel takes in memory; four for what is not listed.
PIXEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "LA": 4}

PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
TAIL = 64 << 10  # some programs write something of theirs behind it

ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = None  # our own limit is on bytes, and lower
warnings.simplefilter("ignore")


class Undecodable(Exception):
    """It announces an image and is none, or not a whole one."""


class TooBig(Exception):
    """It would take more memory than there is for one image."""


class NotAnImage(Exception):
    """Its content is none of the formats known."""


@dataclass(frozen=True)
class Picture:
    """Size in pixels, and whether every pixel has the same value."""

    size: tuple[int, int]
    blank: bool


def examine(content: BytesIO, budget: Budget) -> Picture:
    """Decode an image whole, checksums included. Raises Undecodable, TooBig, NotAnImage."""
    try:
        with Image.open(content, formats=FORMATS) as image:
            check_size(image, budget)
            image.verify()
            if image.format == "PNG":
                _check_end(content)
        content.seek(0)
        with Image.open(content, formats=FORMATS) as image:
            return _decode(image, budget)
    except (TooBig, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise NotAnImage from error
    except Image.DecompressionBombError as error:
        raise TooBig from error
    except Exception as error:
        # Decoders raise whatever a broken file makes them trip over: all mean the same here.
        raise Undecodable(type(error).__name__) from error


def _check_end(content: BytesIO) -> None:
    """Look at a PNG's last chunk, which the decoder does not need and so does not check."""
    with content.getbuffer() as whole:
        if PNG_END not in bytes(whole[-TAIL:]):
            raise Undecodable


def check_size(image: Image.Image, budget: Budget) -> None:
    width, height = image.size
    if width * height * PIXEL_BYTES.get(image.mode, 4) > budget.limits.pixels_bytes:
        raise TooBig(f"{width:,} × {height:,}")


def _decode(image: Image.Image, budget: Budget) -> Picture:
    blank = True
    for frame in range(min(getattr(image, "n_frames", 1), budget.limits.frames)):
        if frame:
            image.seek(frame)
            check_size(image, budget)
        image.load()
        blank = blank and _is_even(image)
        budget.check_time()
    return Picture(image.size, blank)


def _is_even(image: Image.Image) -> bool:
    """Tell whether every pixel has the same value."""
    extremes = image.getextrema()
    bands = extremes if isinstance(extremes[0], tuple) else (extremes,)
    return all(low == high for low, high in bands)  # type: ignore[misc]
