"""What the store delivers of a file: whether its chunks add up, and the chunks themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from masks import store
from masks.rules.layouts import check_layout
from masks.rules.verdicts import Finding, Trouble

EMPTY = Finding(Trouble.EMPTY, detail="está vacío (0 bytes)")
NO_LENGTH = Finding(Trouble.STORED_WRONG, detail="el almacén no dice cuánto mide")


class VanishedError(Exception):
    """The file was removed, or replaced, while it was being read."""


@dataclass
class Delivery:
    """A file of the store, to be read by chunk numbers. `length` is what it declares, which other
    programs may have left out."""

    file_id: Any
    length: Any
    chunk_size: int = 0
    _cursor: Iterator[tuple[int, bytes]] | None = None
    _next: int = 0

    def check(self) -> Finding | None:
        """Compare chunks with the file's document; return what is wrong.

        Raises VanishedError, and PyMongoError when the store goes away.
        """
        document = self.document()
        if not isinstance(self.length, int) or self.length < 0:
            return NO_LENGTH
        if self.length == 0:
            return EMPTY
        layout = store.chunk_layout(self.file_id)
        self.chunk_size, finding = check_layout(layout, self.length, document.get("chunkSize"))
        if finding is not None:
            self.document()
        return finding

    def document(self) -> dict[str, Any]:
        """Return the file's document. Raises VanishedError unless it is still the same file."""
        document = store.file_document(self.file_id)
        if document is None or document.get("length") != self.length:
            raise VanishedError
        return document

    def chunk(self, number: int) -> bytes:
        """Return a chunk; one after the other they cost one query. Raises VanishedError."""
        if self._cursor is None or number != self._next:
            self._cursor = store.chunks_from(self.file_id, number)
        found, data = next(self._cursor, (None, b""))
        if found != number:
            self._cursor = None
            raise VanishedError
        self._next = number + 1
        return data


@dataclass
class LocalFile:
    """A file on this machine, read like one of the store: an upload before it goes there."""

    file: BinaryIO
    length: int
    chunk_size: int = store.CHUNK_BYTES

    def check(self) -> Finding | None:
        """Return what is wrong before its content is looked at: that there is none."""
        return None if self.length else EMPTY

    def chunk(self, number: int) -> bytes:
        """Return a chunk. Side effect: moves the file's position."""
        self.file.seek(number * self.chunk_size)
        return self.file.read(self.chunk_size)
