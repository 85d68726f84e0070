"""The members of a tar, read once from front to back.

Not `tarfile`'s own reading: a damaged header in the middle ends it without a word, and the rest
of the archive would be missing from a verdict that says all is well.
"""

import re
import tarfile
from collections.abc import Iterator
from io import BytesIO

from masks.verifying.budget import Budget, Cut, Damaged, NotAnArchive
from masks.verifying.compression import Expanded
from masks.verifying.members import Entry, Type

BLOCK = tarfile.BLOCKSIZE
# Writers fill up the last record with zeros: 10 KiB commonly, seldom more than this.
MAX_PADDING = 16 << 20
MAX_EXTENSION = 1 << 20
BAD_HEADER = "está dañado: un encabezado del tar no es válido"
NO_TAR = "no es un archivo de máscaras: no hay un tar dentro"
STEP = 256 << 10
PAX = re.compile(rb"(\d{1,20}) ([^=]+)=")
LONG_NAME, LONG_LINK, PAX_TYPES = b"L", b"K", (b"x", b"X")
TYPES = {
    **dict.fromkeys((b"0", b"\0", b"7"), Type.FILE),
    b"5": Type.DIRECTORY,
    **dict.fromkeys((b"1", b"2"), Type.LINK),
}


class Tar:
    """Yields entries; afterwards `leftover` tells whether something follows the end mark."""

    def __init__(self, stream: Expanded, budget: Budget) -> None:
        self._stream, self._budget = stream, budget
        # Of the present member: content, and the same with its padding.
        self._unread = self._left = 0
        self._first = True
        self.leftover = False

    def __iter__(self) -> Iterator[Entry]:
        given: dict[str, str] = {}
        while (header := self._header()) is not None:
            size = int(given.get("size", header.size))
            if header.type in {LONG_NAME, LONG_LINK, *PAX_TYPES, b"g"}:
                given |= self._extension(header, size)
                continue
            if size < 0:
                raise Damaged(BAD_HEADER)
            kind = TYPES.get(header.type, Type.DEVICE)
            if kind is Type.LINK:
                size = 0
            name = given.get("path") or header.name
            given = {}
            self._begin(size)
            yield Entry(name, kind, size, self._read)
            self._skip()
        self._check_end()

    def _header(self) -> tarfile.TarInfo | None:
        """Return the next header, or None at the end mark."""
        block = self._stream.read(BLOCK)
        if len(block) < BLOCK:
            self._complain_of_end(block)
        first, self._first = self._first, False
        if not block.strip(b"\0"):
            return None
        try:
            return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError) as error:
            if first:
                raise NotAnArchive(NO_TAR) from error
            raise Damaged(BAD_HEADER) from error

    def _complain_of_end(self, block: bytes) -> None:
        if self._first and block:
            raise NotAnArchive("no es un archivo de máscaras: es demasiado corto")
        raise Cut("está cortado: le falta el final del tar")

    def _extension(self, header: tarfile.TarInfo, size: int) -> dict[str, str]:
        """Read a header that says more of the next one: a long name, or pax records."""
        if size > MAX_EXTENSION:
            raise Damaged("está dañado: un encabezado del tar es enorme")
        self._budget.member()
        self._begin(size)
        data = self._read(size).getvalue()
        self._skip()
        if header.type == LONG_NAME:
            return {"path": _text(data.rstrip(b"\0"))}
        return _pax(data) if header.type in PAX_TYPES else {}

    def _begin(self, size: int) -> None:
        self._unread, self._left = size, size + -size % BLOCK

    def _read(self, size: int) -> BytesIO:
        size = min(size, self._unread)
        self._unread -= size
        content = BytesIO()
        while (wanted := size - content.tell()) > 0:
            part = self._stream.read(min(wanted, STEP))
            if not part:
                raise Cut("está cortado: termina a la mitad de un archivo")
            content.write(part)
        self._left -= size
        content.seek(0)
        return content

    def _skip(self) -> None:
        while self._left > 0:
            count = min(self._left, STEP)
            if len(self._stream.read(count)) < count:
                raise Cut("está cortado: termina a la mitad de un archivo")
            self._left -= count

    def _check_end(self) -> None:
        """Read on to the end, so that checksums are compared; only zeros may follow."""
        rest = 0
        while data := self._stream.read(STEP):
            rest += len(data)
            if data.strip(b"\0") or rest > MAX_PADDING:
                self.leftover = True
        self.leftover = self.leftover or self._stream.leftover or rest < BLOCK or bool(rest % BLOCK)


def _pax(data: bytes) -> dict[str, str]:
    """Return the records of a pax header that matter here."""
    found, position = {}, 0
    while match := PAX.match(data, position):
        length = int(match[1])
        value = data[match.end() : match.start() + length - 1]
        if match.start() + length > len(data) or length <= match.end() - match.start():
            raise Damaged(BAD_HEADER)
        if match[2] in {b"path", b"size"}:
            found[match[2].decode()] = _text(value)
        position = match.start() + length
    if position < len(data.rstrip(b"\0")) or not found.get("size", "0").isdigit():
        raise Damaged(BAD_HEADER)
    return found


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def looks_like_tar(head: bytes) -> bool:
    """Tell whether the first block is a tar's: a header whose checksum fits, or the end mark."""
    block = head[:BLOCK]
    if len(block) < BLOCK:
        return False
    if not block.strip(b"\0"):
        return True
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True
