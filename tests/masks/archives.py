"""Archives as people and programs send them: whole, cut, damaged, hostile."""

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from PIL import Image

from masks.rules.verdicts import Limits
from masks.verifying.delivery import LocalFile
from masks.verifying.worker import Inspected, Worker

SIZE = (48, 32)
Members = list[tuple[str, bytes]]


def mask(seed: int = 1, size: tuple[int, int] = SIZE, form: str = "PNG", mode: str = "L") -> bytes:
    """An image with something on it."""
    noise = random.Random(seed).randbytes(size[0] * size[1])
    image = Image.frombytes("L", size, bytes(255 * (byte > 200) for byte in noise)).convert(mode)
    return saved(image, form)


def blank(size: tuple[int, int] = SIZE, colour: int = 0) -> bytes:
    return saved(Image.new("L", size, colour))


def saved(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def masks(count: int = 5) -> Members:
    return [(f"masks/img_{n:03d}.png", mask(n)) for n in range(count)]


def tar(members: Members, *others: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members:
            archive.addfile(described(name, len(content)), io.BytesIO(content))
        for other in others:
            archive.addfile(other)
    return out.getvalue()


def described(name: str, size: int = 0, **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def zipped(members: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


FORMATS: dict[str, Callable[[Members], bytes]] = {
    ".tar.xz": lambda members: lzma.compress(tar(members)),
    ".tar.gz": lambda members: gzip.compress(tar(members)),
    ".tar.bz2": lambda members: bz2.compress(tar(members)),
    ".tar": tar,
    ".zip": zipped,
}


def locked(archive: bytes) -> bytes:
    """The zip with the flag that says: needs a password, on every member."""
    data = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    return bytes(data)


def gzip_of_zeros(gigabytes: int) -> bytes:
    """Gzip of so many GB of zeros after a tar's first header; made by repeating one block."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = described("huge.bin", gigabytes << 30).tobuf(tarfile.GNU_FORMAT)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    megabytes = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + head + megabytes * (gigabytes * 64)


def xz_of_zeros(gigabytes: int) -> bytes:
    """Xz of so many GB of zeros, as streams one after the other."""
    return lzma.compress(bytes(64 << 20), preset=0) * (gigabytes * 16)


def zip_of_zeros(gigabytes: int) -> bytes:
    """A zip of one member that is so many GB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = block * (gigabytes * 64)
    return one_member_zip(b"huge.png", data, gigabytes << 30)


def one_member_zip(name: bytes, data: bytes, size: int) -> bytes:
    """A zip by hand, whose sizes may lie."""
    size = min(size, 0xFFFFFFFE)
    fields = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 0, 0, len(data), size, len(name), 0)
    local = b"PK\x03\x04" + fields + name + data
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHLL", 0, 0, 0, 0, 0)
    directory = entry + name
    end = struct.pack("<HHHHLLH", 0, 0, 1, 1, len(directory), len(local), 0)
    return local + directory + b"PK\x05\x06" + end


def many_entries(count: int) -> bytes:
    """A tar.gz of so many empty members; the same header over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    header = described("a.png").tobuf(tarfile.GNU_FORMAT)
    block = packer.compress(header * 1000) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + block * (count // 1000)


def zip_of_entries(count: int) -> bytes:
    """A zip whose directory names so many members."""
    entry = b"PK\x01\x02" + struct.pack("<HHHHHHLLLHHHHHLL", 20, 20, *[0] * 7, 5, *[0] * 6)
    directory = (entry + b"a.png") * count
    end = struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    return b"PK\x03\x04" + bytes(26) + directory + b"PK\x05\x06" + end


def flipped(archive: bytes, place: int) -> bytes:
    data = bytearray(archive)
    data[place] ^= 0x41
    return bytes(data)


def places(archive: bytes, count: int) -> Iterable[int]:
    """Places spread over an archive, the same ones each time."""
    return random.Random(len(archive)).sample(range(len(archive)), count)


def inspected(worker: Worker, archive: bytes, limits: Limits) -> Inspected:
    source = LocalFile(io.BytesIO(archive), len(archive))
    return worker.inspect(source, limits)
