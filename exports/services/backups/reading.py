"""Reading a backup of ours (2.0) or of the older program (1.0), streamed and checked.

Ours is read by its lines: a document begins and ends at four spaces, and no JSON string holds a
line break, so stretches of whole documents go to the fast parser as they are. That only our own
form is read so is made certain by the checksum. Older files may be formatted in any way.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from exports.rules.backup import (
    BATCHES,
    OLDER_VERSION,
    PEOPLE,
    SECTIONS,
    TAIL_BYTES,
    VERSION,
    BadBackupError,
    Integrity,
    parse_tail,
)
from exports.services.backups.older import OlderFile
from segmentacion.memory import collector_paused

BLOCK = 1 << 20
MAX_BUFFER = 256 << 20
_OURS = re.compile(rb'\{\n  "backup_info": \{\n    "version": "2\.0",\n')
_END, _BETWEEN = b"\n  ],\n", b"\n    },\n"
_OPENS = re.compile(rb'  "(\w+)": \[(\],)?\n')


@dataclass(frozen=True)
class Stretch:
    """Some elements of a section, one after another; `first` is the place of the first."""

    section: str
    elements: list[Any]
    first: int


@dataclass
class _Place:
    """Where the reading is: in which line and section, and what was not understood yet."""

    line: int
    section: str = ""
    buffer: bytes = b""

    def skip(self, length: int) -> None:
        self.line += self.buffer.count(b"\n", 0, length)
        self.buffer = self.buffer[length:]


@dataclass
class BackupReader:
    """A file to restore from. `info` and `integrity` are known once it is opened.

    Raises BadBackupError on opening when the file cannot be a backup, and while reading when it
    is not whole: nothing that was read counts until the reading ended.
    """

    path: Path
    info: dict[str, Any] = field(init=False)
    integrity: Integrity | None = field(init=False, default=None)
    sections: tuple[str, ...] = field(init=False, default=SECTIONS)

    def __post_init__(self) -> None:
        self._older: OlderFile | None = None
        try:
            self.size = self.path.stat().st_size
            with self.path.open("rb") as file:
                self._open(file)
        except OSError as error:
            raise self.bad("al abrirlo", f"no se puede leer: {error.strerror}") from error

    @property
    def version(self) -> str:
        return VERSION if self._older is None else OLDER_VERSION

    @property
    def total(self) -> int:
        """Return how many documents the file says it has; 0 when it does not say."""
        return self.integrity.documents if self.integrity else 0

    def bad(self, place: str, reason: str) -> BadBackupError:
        return BadBackupError(self.path.name, place, reason)

    def stretches(self) -> Iterator[Stretch]:
        """Yield the whole file, section by section; the last step checks sums and counts."""
        try:
            if self._older is not None:
                for section, elements, first in self._older.stretches():
                    yield Stretch(section, elements, first)
            else:
                yield from self._ours()
        except OSError as error:
            raise self.bad("al leerlo", f"no se puede leer: {error.strerror}") from error

    def _open(self, file: IO[bytes]) -> None:
        if not self.size:
            raise self.bad("byte 0", "está vacío")
        start = file.read(4096)
        if not _OURS.match(start):
            self._older = OlderFile(self.path)
            self.info, self.sections = self._older.info, self._older.sections
            return
        file.seek(max(0, self.size - TAIL_BYTES))
        found = parse_tail(file.read())
        if found is None:
            raise self.bad(
                f"byte {self.size:,}, el final", "está cortado: falta su último miembro, integrity"
            )
        self.integrity, tail = found
        self._length = self.size - tail
        file.seek(0)
        self.info, self._start, self._line = self._head(file)

    def _head(self, file: IO[bytes]) -> tuple[dict[str, Any], int, int]:
        """Return the first members, where the sections begin, and in which line."""
        head = b""
        while (at := head.find(b'\n  "segmentadores": [')) < 0:
            block = file.read(min(BLOCK, self._length - len(head)))
            if not block or len(head) > 4 * BLOCK:
                raise self.bad("el principio", "no tiene la sección segmentadores donde va")
            head += block
        try:
            members = orjson.loads(head[:at].removesuffix(b",") + b"}")
            info = members["backup_info"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise self.bad("backup_info", "está dañado: no se entiende su principio") from error
        return info, at + 1, head[: at + 1].count(b"\n") + 1

    def _ours(self) -> Iterator[Stretch]:
        digest, found = hashlib.sha256(), dict.fromkeys(SECTIONS, 0)
        with self.path.open("rb") as file:
            digest.update(file.read(self._start))
            yield from self._lines(self._blocks(file, digest), found)
        self._check(digest.hexdigest(), found)

    def _blocks(self, file: IO[bytes], digest: Any) -> Iterator[bytes]:
        left = self._length - self._start
        while left:
            block = file.read(min(BLOCK, left))
            if not block:
                raise self.bad(f"byte {self._length - left:,}", "se acortó mientras se leía")
            digest.update(block)
            left -= len(block)
            yield block

    def _lines(self, blocks: Iterator[bytes], found: dict[str, int]) -> Iterator[Stretch]:
        """Yield stretches of whole documents as the blocks come in."""
        at = _Place(self._line)
        for block in blocks:
            at.buffer += block
            while True:
                stretch = self._elements(at, found) if at.section else self._opening(at)
                if stretch is None:
                    break
                yield stretch
                found[stretch.section] += len(stretch.elements)
            if len(at.buffer) > MAX_BUFFER:
                raise self.bad(f"línea {at.line:,}", "tiene un documento demasiado grande")
        if at.buffer or at.section:
            raise self.bad(f"línea {at.line:,}", "está dañado: una sección no termina")

    def _opening(self, at: "_Place") -> Stretch | None:
        """Enter the section that begins here; None until its line is there whole."""
        match = _OPENS.match(at.buffer)
        if match is None:
            if b"\n" in at.buffer:
                raise self.bad(f"línea {at.line:,}", "está dañado: no empieza una sección")
            return None
        name = self._known(match[1].decode(), at.line)
        at.section = "" if match[2] else name
        at.skip(match.end())
        return Stretch(name, [], 0)

    def _elements(self, at: "_Place", found: dict[str, int]) -> Stretch | None:
        """Return the whole documents that are there, and leave the section at its end."""
        section, end = at.section, at.buffer.find(_END)
        cut = end if end >= 0 else at.buffer.rfind(_BETWEEN)
        if cut < 0:
            return None
        cut += 0 if end >= 0 else len(_BETWEEN) - len(b",\n")
        elements = self._parse(at.buffer[:cut], section, at.line)
        at.skip(cut + (len(_END) if end >= 0 else len(b",\n")))
        at.section = "" if end >= 0 else section
        return Stretch(section, elements, found[section])

    def _known(self, name: str, line: int) -> str:
        if name not in SECTIONS:
            raise self.bad(f"línea {line:,}", f"tiene una sección que no se conoce: {name[:40]}")
        return name

    def _parse(self, text: bytes, section: str, line: int) -> list[Any]:
        try:
            with collector_paused():
                elements: list[Any] = orjson.loads(b"[" + text + b"]")
        except orjson.JSONDecodeError as error:
            place = f"línea {line + error.lineno - 1:,}, en {section}"
            raise self.bad(place, "está dañado: no es JSON") from error
        return elements

    def _check(self, digest: str, found: dict[str, int]) -> None:
        said = self.integrity
        assert said is not None
        if digest != said.sha256:
            raise self.bad("integrity.sha256", "está dañado: su suma SHA-256 no es la que dice")
        numbers = (found[BATCHES], found[PEOPLE], sum(found.values()))
        if numbers != (said.batches, said.people, said.documents):
            raise self.bad("integrity", "no tiene tantos documentos como dice")
        if self.info.get("consistent") and self.info.get("counts") != found:
            raise self.bad("backup_info.counts", "no tiene tantos documentos como dice")
