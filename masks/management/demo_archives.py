"""Small real mask archives for the demonstration, so that verifying and previews have something
to show. Always the same for the same file name. One is cut and one has a blank mask, on purpose.
"""

import io
import random
import tarfile

from PIL import Image, ImageDraw

SIDE = 160
LABELS = 3
PALETTE = [0, 0, 0, 99, 91, 219, 46, 160, 103, 214, 137, 16]
# Which files of the demonstration, by place, are not what they should be.
CUT, BLANK = 7, 21


def demo_archive(filename: str, place: int) -> bytes:
    """Return the content of the demonstration's file at this place: a few masks, as .tar.xz."""
    chance = random.Random(filename)  # noqa: S311 - shapes to look at, not secrets
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz", preset=0) as archive:
        for number in range(chance.randint(3, 6)):
            content = _mask(chance, blank=place == BLANK and number == 1)
            member = tarfile.TarInfo(f"mask_{number + 1:03d}.png")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    whole = out.getvalue()
    return whole[: len(whole) * 2 // 3] if place == CUT else whole


def _mask(chance: random.Random, *, blank: bool) -> bytes:
    """Return a mask as PNG: each pixel is a label, 0 the background."""
    image = Image.new("P", (SIDE, SIDE), 0)
    image.putpalette(PALETTE)
    draw = ImageDraw.Draw(image)
    for _ in range(0 if blank else chance.randint(2, 5)):
        x, y = chance.randrange(SIDE), chance.randrange(SIDE)
        width, height = chance.randint(20, 70), chance.randint(20, 70)
        label = chance.randint(1, LABELS)
        draw.ellipse((x - width, y - height, x + width, y + height), fill=label)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
