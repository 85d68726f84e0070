"""Undoing compression a little at a time, noticing where it is cut or damaged."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from masks.verifying.budget import Budget, Cut, Damaged

READ = 64 << 10
WRITE = 256 << 10
GZIP = 31  # zlib's number for: a gzip header and trailer, checked


class Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Decoder(Protocol):
    """What lzma, bz2 and our wrapper of zlib have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decoder with the manners of the other two."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(GZIP)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return not self._decoder.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)


class Expanded:
    """The bytes inside a compressed stream, or of one that is not compressed.

    Raises Cut when it ends too early, Damaged when it cannot be undone or its own checksum says
    no, and what the budget raises. `leftover`: something else follows the compressed data.
    """

    def __init__(self, source: Source, codec: str, budget: Budget) -> None:
        self._source, self._budget = source, budget
        self._magic = MAGIC.get(codec, b"")
        self._make = _maker(codec, budget)
        self._decoder = self._make() if self._make else None
        self._pending = b""
        self._buffer = bytearray()
        self._ended = False
        self.leftover = False

    def read(self, size: int) -> bytes:
        """Return exactly `size` bytes, or fewer at the end."""
        while len(self._buffer) < size and not self._ended:
            self._buffer += self._more()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _more(self) -> bytes:
        data = self._plain() if self._decoder is None else self._undone(self._decoder)
        self._budget.expand(len(data), self.consumed)
        return data

    consumed = 0

    def _plain(self) -> bytes:
        data = self._take()
        self._ended = not data
        return data

    def _take(self) -> bytes:
        data = self._source.read(READ)
        self.consumed += len(data)
        return data

    def _undone(self, decoder: Decoder) -> bytes:
        given = self._pending
        self._pending = b""
        if decoder.needs_input and not given:
            given = self._take()
            if not given:
                raise Cut("los datos comprimidos terminan antes de tiempo")
        try:
            data = decoder.decompress(given, WRITE)
        except (lzma.LZMAError, zlib.error, OSError, EOFError, ValueError) as error:
            if "memory" in str(error).casefold():
                raise MemoryError from error
            raise Damaged("los datos comprimidos están dañados") from error
        if decoder.eof:
            self._next_stream(decoder.unused_data)
        return data

    def _next_stream(self, rest: bytes) -> None:
        """Go on with a stream that follows; what is neither that nor padding is left over."""
        while not (rest := rest.lstrip(b"\0")):
            rest = self._take()
            if not rest:
                self._ended = True
                return
        while len(rest) < len(self._magic) and (more := self._take()):
            rest += more
        if self._make and rest.startswith(self._magic):
            self._decoder, self._pending = self._make(), rest
        else:
            self._ended = self.leftover = True


MAGIC = {"xz": b"\xfd7zXZ\0", "gz": b"\x1f\x8b", "bz2": b"BZh"}


def codec_of(head: bytes) -> str:
    """Return which compression the first bytes announce, or "" for none."""
    return next((name for name, magic in MAGIC.items() if head.startswith(magic)), "")


def _maker(codec: str, budget: Budget) -> Callable[[], Decoder] | None:
    limit = budget.limits.dictionary_bytes
    makers: dict[str, Callable[[], Decoder]] = {
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=limit),
        "gz": _Gzip,
        "bz2": bz2.BZ2Decompressor,
    }
    return makers.get(codec)
