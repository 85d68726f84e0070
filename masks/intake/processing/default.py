"""The processor that comes with the product: size, hash, preview, a first mask, the code."""

import os
from io import BytesIO
from typing import Any, BinaryIO

from PIL import Image

from masks.intake.processing import otsu
from masks.intake.processing.codes import code_at
from masks.intake.processing.protocol import Job, ProcessingResult
from masks.intake.processing.reading import (
    ORIENTATION,
    decoded,
    in_colour,
    opened,
    sha256_of,
    too_big,
    upright,
)

PREVIEW_SIDE = 512
PREVIEW_QUALITY = 82
# A mask is stored beside the image's state; one that noise makes bigger is not worth it.
MASK_BYTES = 8 << 20
EVEN = "Toda la imagen es de un solo tono: no hay primera máscara."
NOISY = "La primera máscara pesa demasiado para guardarla: la imagen es casi puro ruido."


def process_image(job: Job) -> ProcessingResult:
    """Process an image without changing it. Raises ProcessingError."""
    code = code_at(job.codes, job.position)
    with opened(job.path) as file:
        sha256 = sha256_of(file)
        with decoded(file, job.memory_mb) as image:
            try:
                return _result(image, file, sha256=sha256, code=code)
            except MemoryError:
                raise too_big(image.size) from None


def _result(
    image: Image.Image, file: BinaryIO, *, sha256: str, code: str | None
) -> ProcessingResult:
    extra: dict[str, Any] = {
        "bytes": os.fstat(file.fileno()).st_size,
        "mode": image.mode,
        "notes": _notes(image),
    }
    form, orientation = image.format or "", image.getexif().get(ORIENTATION, 1)
    picture = in_colour(image)
    if picture is not image and orientation != 1:
        picture.getexif()[ORIENTATION] = orientation
    picture = upright(picture)
    return ProcessingResult(
        sha256=sha256,
        width=picture.width,
        height=picture.height,
        format=form,
        preview=make_preview(picture),
        mask=make_mask(picture, extra),
        code=code,
        extra=extra,
    )


def make_preview(picture: Image.Image) -> bytes:
    """Return a JPEG that fits a square of `PREVIEW_SIDE`; a small image is not enlarged."""
    share = min(1.0, PREVIEW_SIDE / max(picture.size))
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    small = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = BytesIO()
    small.save(out, "JPEG", quality=PREVIEW_QUALITY, optimize=True)
    return out.getvalue()


def make_mask(picture: Image.Image, extra: dict[str, Any]) -> bytes | None:
    """Return the bright part of an image, white on black; None when it has no two parts.

    Notes in `extra` the threshold and the share of the image that is white, or why there is none.
    """
    grey = picture if picture.mode == "L" else picture.convert("L")
    histogram = grey.histogram()
    limit = otsu.threshold(histogram)
    if limit is None:
        extra["notes"].append(EVEN)
        return None
    mask = grey.point([0] * (limit + 1) + [255] * (255 - limit), mode="1")
    out = BytesIO()
    mask.save(out, "PNG")
    extra["threshold"] = limit
    extra["foreground"] = round(sum(histogram[limit + 1 :]) / sum(histogram), 4)
    if out.tell() > MASK_BYTES:
        extra["notes"].append(NOISY)
        return None
    return out.getvalue()


def _notes(image: Image.Image) -> list[str]:
    frames = getattr(image, "n_frames", 1)
    return [f"Tiene {frames:,} cuadros: se procesó solo el primero."] if frames > 1 else []
