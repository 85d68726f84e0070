"""Images of every kind that an intake may meet, good ones and poisonous ones, made here."""

import struct
import zlib
from pathlib import Path

from PIL import Image, ImageDraw


def scene(size: tuple[int, int] = (600, 400)) -> Image.Image:
    """Return a bright disc on a dark ground, in colour."""
    image = Image.new("RGB", size, (40, 30, 50))
    width, height = size
    box = (width // 4, height // 4, width // 2, height // 2)
    ImageDraw.Draw(image).ellipse(box, fill=(220, 210, 190))
    return image


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def deep(size: tuple[int, int] = (600, 400)) -> Image.Image:
    """Return the scene with 16 bits a pixel, of which it uses few."""
    return scene(size).convert("L").convert("I").point(lambda value: value * 9).convert("I;16")


def animation(path: Path, frames: int = 3) -> Path:
    turned = [scene().rotate(30 * number).convert("P") for number in range(frames)]
    turned[0].save(path, save_all=True, append_images=turned[1:])
    return path


def bomb(path: Path, side: int = 30_000) -> Path:
    """Write a PNG of less than 1 MB that is 30,000 × 30,000 pixels, all there."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(1_000 * (side + 1))) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = (side * (side + 1) % 65_521) << 16 | 1  # Adler-32 of so many zeros
    data = b"x\xda" + block * (side // 1_000) + packer.flush() + struct.pack(">L", checksum)
    return _png(path, side, data)


def liar(path: Path, side: int = 2_000) -> Path:
    """Write a PNG that announces more pixels than it has."""
    return _png(path, side, zlib.compress(bytes(100)))


def cut(path: Path) -> Path:
    """Leave the first half of a file."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def _png(path: Path, side: int, data: bytes) -> Path:
    head = struct.pack(">LLBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = (b"IHDR", head), (b"IDAT", data), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))
    return path


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
