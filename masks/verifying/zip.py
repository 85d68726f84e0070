"""The members of a zip, by its directory at the end."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from lzma import LZMAError
from typing import IO, cast

from masks.verifying.budget import Budget, Cut, Damaged, Locked, Unfinished
from masks.verifying.members import Entry, Type
from masks.verifying.source import StoredFile

START = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
END, LOCATOR, END64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
END_SIZE, LOCATOR_SIZE, END64_SIZE = 22, 20, 56
MAX_COMMENT = 65_535
# zipfile holds the whole directory: about ten times these bytes.
MAX_DIRECTORY = 4 << 20
ENCRYPTED = 0x1
STEP = 256 << 10
UNDOING = (zlib.error, LZMAError, EOFError, OSError, zipfile.BadZipFile, ValueError)


class Zip:
    """Yields entries. Raises Cut when the directory is missing, Damaged when anything in it or
    a member's checksum is wrong."""

    leftover = False

    def __init__(self, source: StoredFile, budget: Budget) -> None:
        self._source, self._budget = source, budget
        self._consumed, self._length = 0, source.seek(0, 2)

    def __iter__(self) -> Iterator[Entry]:
        announced = _announced(self._source)
        try:
            archive = zipfile.ZipFile(cast("IO[bytes]", self._source))
        except (zipfile.BadZipFile, struct.error, ValueError, OSError) as error:
            raise Damaged("está dañado: el directorio del zip no es válido") from error
        except NotImplementedError as error:
            raise Damaged("está dañado: pide una versión de zip que no existe") from error
        infos = archive.infolist()
        if announced != len(infos):
            raise Damaged(f"está dañado: dice tener {announced:,} archivos y nombra {len(infos):,}")
        for info in infos:
            yield self._entry(archive, info)

    def _entry(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
        kind = _type(info)
        locked = bool(info.flag_bits & ENCRYPTED)

        def read(most: int) -> BytesIO:
            if locked:
                raise Locked(info.filename)
            return self._read(archive, info, most)

        return Entry(info.orig_filename, kind, info.file_size, read)

    def _read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> BytesIO:
        """Read a member to its end, so that its checksum is compared; keep `most` bytes."""
        content = BytesIO()
        # Entries may claim the same bytes more than once: never more than there are.
        self._consumed = min(self._consumed + info.compress_size, self._length)
        self._budget.announce(info.file_size, info.compress_size)
        try:
            with archive.open(info) as member:
                while data := member.read(STEP):
                    content.write(data[: max(0, most - content.tell())])
                    self._budget.expand(len(data), self._consumed)
        except NotImplementedError as error:
            raise Unfinished("no se terminó de verificar: usa una compresión poco común") from error
        except RuntimeError as error:
            raise Locked(info.filename) from error
        except UNDOING as error:
            raise Damaged(f"está dañado: «{info.filename}» no se puede descomprimir") from error
        if content.tell() < min(most, info.file_size):
            raise Damaged(f"está dañado: «{info.filename}» no está completo")
        content.seek(0)
        return content


def _type(info: zipfile.ZipInfo) -> Type:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return Type.LINK
    if info.is_dir():
        return Type.DIRECTORY
    if stat.S_IFMT(mode) in {stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK}:
        return Type.DEVICE
    return Type.FILE


def _announced(source: StoredFile) -> int:
    """Return how many members the end of the zip announces, having refused a huge directory."""
    length = source.seek(0, 2)
    source.seek(max(0, length - END_SIZE - MAX_COMMENT - LOCATOR_SIZE))
    tail = source.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_SIZE:
        raise Cut("está cortado: al zip le falta su directorio, que va al final")
    count, size = struct.unpack("<HL", tail[place + 10 : place + 16])
    locator = tail[place - LOCATOR_SIZE : place] if place >= LOCATOR_SIZE else b""
    if locator.startswith(LOCATOR):
        source.seek(struct.unpack("<Q", locator[8:16])[0])
        record = source.read(END64_SIZE)
        if len(record) == END64_SIZE and record.startswith(END64):
            count, size = struct.unpack("<QQ", record[32:48])
    if size > MAX_DIRECTORY:
        raise Unfinished(
            f"no se terminó de verificar: su directorio es demasiado grande ({count:,} archivos)"
        )
    return int(count)
