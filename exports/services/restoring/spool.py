"""What a plan made of a file, kept on the disk for the load: each document is parsed once.

What is loaded is what was planned from bytes whose checksum was right, whatever becomes of the
file meanwhile. The spool has no name, so nothing of it is left however the process ends.
"""

import hashlib
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from exports.rules.backup import SECTIONS, BackupError
from exports.services.contents import Contents
from exports.services.extended_json import split
from exports.services.restoring.resolving import Resolved
from exports.services.saving import why

PREFIX = ".restauracion-"
# The section, then how many bytes follow: what comes, and what it takes the place of.
_FRAME = struct.Struct("<BQQ")


class Spool:
    """A temporary file in a folder, made at the first document. Raises BackupError when the disk
    refuses."""

    def __init__(self, folder: Path) -> None:
        self.documents = 0
        self._digests = {name: hashlib.blake2b() for name in SECTIONS}
        self._folder = folder
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # what the disk refused was said when it was written
                self._file.close()

    def add(self, section: str, resolved: Sequence[Resolved], *, merge: bool) -> None:
        """Keep what documents become; of a section that is merged, only those that differ."""
        if merge:
            resolved = [one for one in resolved if not one.same]
        raws = [one.raw for one in resolved]
        nows = [one.now for one in resolved if one.now is not None] if merge else []
        self.documents += len(raws)
        came, gone = b"".join(raws), b"".join(nows)
        self._digests[section].update(came)
        try:
            file = self._opened()
            file.write(_FRAME.pack(SECTIONS.index(section), len(came), len(gone)))
            file.write(came)
            file.write(gone)
        except OSError as error:
            raise self._refused(error) from error

    def digest(self, section: str) -> bytes:
        """Return the digest of the documents that come, one after another as they are kept."""
        return self._digests[section].digest()

    def gain(self, section: str) -> Contents:
        """Return what a section gains and loses, whatever the order."""
        gain, digest = Contents(), hashlib.blake2b()
        for name, came, gone in self.frames():
            if name == section:
                digest.update(came)
                gain.add(split(came))
                gain.take_away(split(gone))
        if digest.digest() != self.digest(section):
            raise BackupError(f"{self._folder}: el disco no devuelve lo que se escribió.")
        return gain

    def frames(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield what was kept, in its order: the section, the documents that come (BSON, one
        after another), and those that they replace."""
        if self._file is None:
            return
        try:
            self._file.seek(0)
            while head := self._file.read(_FRAME.size):
                place, came, gone = _FRAME.unpack(head)
                yield SECTIONS[place], self._file.read(came), self._file.read(gone)
        except OSError as error:
            raise self._refused(error) from error

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            remove_orphans(self._folder)
            self._file = tempfile.TemporaryFile(dir=self._folder, prefix=PREFIX)  # noqa: SIM115
        return self._file

    def _refused(self, error: OSError) -> BackupError:
        return BackupError(
            f"No se pudo guardar en {self._folder} lo que se va a restaurar: {why(error)}. "
            "No se cambió nada."
        )


def remove_orphans(folder: Path) -> None:
    """Remove spools that have a name: a file system that makes none without kept it, and the
    process died before taking it away. One that is in use loses only its name."""
    for path in folder.glob(f"{PREFIX}*"):
        path.unlink(missing_ok=True)
